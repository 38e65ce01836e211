"""/api/sessions: an owner's conversations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator

from app.chat.deps import Chatter, RuntimeDep, Sessions
from app.chat.errors import SessionNotFoundError
from app.chat.schemas import (
    Done,
    LeafChoice,
    LeafRead,
    Line,
    SearchResult,
    SessionCreate,
    SessionDetail,
    SessionPage,
    SessionRead,
    SessionUpdate,
    without_nul,
)
from app.chat.stream import EventStream

router = APIRouter(prefix="/api/sessions", tags=["sessions"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No session of that id is yours."}}
SessionPath = Annotated[str, Path(description="The session's id.")]


@router.get("", summary="List sessions")
async def list_sessions(
    caller: Chatter,
    sessions: Sessions,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
    archived: bool = False,
    folder: Annotated[Line | None, Query()] = None,
) -> SessionPage:
    return await sessions.page(
        caller.user.id, cursor=cursor, limit=limit, is_archived=archived, folder=folder
    )


@router.get(
    "/changes",
    summary="Hear which sessions change, from whichever door (SSE)",
    description='`{"session_ids": ["…"]}`, or null when many did: look at them again. What changed while nobody '
    "listened is not told. The stream ends after five minutes; come back then.",
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Ids of changed sessions."}},
)
async def session_changes(caller: Chatter, runtime: RuntimeDep) -> EventStream:
    return EventStream(runtime.session_watch.follow(caller.user.id))


@router.get("/search", summary="Search in titles and texts")
async def search_sessions(
    caller: Chatter,
    sessions: Sessions,
    q: Annotated[str, Query(min_length=1, max_length=200), AfterValidator(without_nul)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SearchResult:
    return await sessions.search(caller.user.id, q, limit)


@router.post(
    "", status_code=201, summary="Create a session", responses={409: {"description": "You have that id."}}
)
async def create_session(caller: Chatter, sessions: Sessions, wish: SessionCreate) -> SessionRead:
    return await sessions.create(caller.user.id, wish)


@router.get("/{session_id}", summary="Read a session with its whole tree of messages", responses=_ABSENT)
async def read_session(caller: Chatter, sessions: Sessions, session_id: SessionPath) -> SessionDetail:
    return await sessions.detail(caller.user.id, session_id)


@router.patch("/{session_id}", summary="Rename, pin, archive or set up a session", responses=_ABSENT)
async def change_session(
    caller: Chatter, sessions: Sessions, session_id: SessionPath, wish: SessionUpdate
) -> SessionRead:
    return await sessions.change(caller.user.id, session_id, wish)


@router.delete("/{session_id}", summary="Delete a session (24 hours to undo)", responses=_ABSENT)
async def delete_session(caller: Chatter, sessions: Sessions, session_id: SessionPath) -> Done:
    if not await sessions.delete(caller.user.id, session_id):
        raise SessionNotFoundError
    return Done()


@router.post(
    "/{session_id}/restore",
    summary="Undo the delete of a session",
    responses={**_ABSENT, 409: {"description": "A new session has that id."}},
)
async def restore_session(caller: Chatter, sessions: Sessions, session_id: SessionPath) -> SessionRead:
    return await sessions.restore(caller.user.id, session_id)


@router.post("/{session_id}/leaf", summary="Switch to another branch", responses=_ABSENT)
async def switch_branch(
    caller: Chatter, sessions: Sessions, session_id: SessionPath, wish: LeafChoice
) -> LeafRead:
    leaf_id = await sessions.switch_branch(caller.user.id, session_id, wish.message_id)
    return LeafRead(active_leaf_id=leaf_id)
