"""/api/llm/chat…: ask a model, with or without a session, at once or streamed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from app.chat.deps import Chat, Chatter, IdempotencyKey, ModelCaller, Sessions, Turns
from app.chat.llm_schemas import (
    ChatBody,
    ChatRead,
    ClearRead,
    HistoryRead,
    SessionChatBody,
    SessionChatRead,
    SessionRef,
)
from app.chat.stream import EventStream, run_until_disconnect

router = APIRouter(prefix="/api/llm", tags=["llm"])

_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such model, session or message for you."},
    413: {"description": "The prompt does not fit the model's context, or the body is too large."},
    429: {"description": "Too many requests; `retry-after` says when to come back."},
    502: {"description": "The model server failed."},
    503: {"description": "The model server does not answer."},
    504: {"description": "The model server was too slow."},
}
_STREAM: dict[int | str, dict[str, Any]] = {
    **_REFUSALS,
    200: {
        "description": "Numbered server-sent events: `content`, `reasoning`, `queued`, `progress`, then `done` or `error`.",
        "content": {
            "text/event-stream": {
                "example": 'id: 2\ndata: {"content":"Hello"}\n\nid: 3\ndata: {"done":true}\n\n'
            }
        },
    },
}
_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No session of that id is yours."}}


@router.post("/chat", summary="Answer a whole prompt", responses=_REFUSALS)
async def chat(request: Request, caller: ModelCaller, chat: Chat, body: ChatBody) -> ChatRead:
    return await run_until_disconnect(request.receive, chat.chat(caller, body))


@router.post(
    "/chat/stream", summary="Answer a whole prompt, streamed", response_class=EventStream, responses=_STREAM
)
async def chat_stream(caller: ModelCaller, chat: Chat, body: ChatBody) -> EventStream:
    return EventStream(await chat.chat_stream(caller, body))


@router.post("/chat/session", summary="Answer one message in a session", responses=_REFUSALS)
async def session_chat(
    caller: ModelCaller, chat: Chat, body: SessionChatBody, idempotency_key: IdempotencyKey = None
) -> SessionChatRead:
    turn = await chat.start_turn(caller, body, idempotency_key)
    return await chat.answer(caller, turn)


@router.post(
    "/chat/session/stream",
    summary="Answer one message in a session, streamed",
    description="Leaving the stream does not stop the turn: come back by `/turns/{id}/events`, or stop it by `/cancel`.",
    response_class=EventStream,
    responses=_STREAM,
)
async def session_chat_stream(
    caller: ModelCaller,
    chat: Chat,
    turns: Turns,
    body: SessionChatBody,
    idempotency_key: IdempotencyKey = None,
) -> EventStream:
    turn = await chat.start_turn(caller, body, idempotency_key)
    return EventStream(turns.events_of_own(caller.user.id, turn))


@router.get("/chat/session/{session_id}/history", summary="Read a session's active branch", responses=_ABSENT)
async def session_history(caller: Chatter, chat: Chat, session_id: str) -> HistoryRead:
    return await chat.history(caller, session_id)


@router.post("/chat/session/history", summary="Read a session's active branch (by body)", responses=_ABSENT)
async def session_history_by_body(caller: Chatter, chat: Chat, body: SessionRef) -> HistoryRead:
    return await chat.history(caller, body.session_id)


@router.delete("/chat/session/{session_id}", summary="Forget a session; also fine when there is none")
async def clear_session(caller: Chatter, sessions: Sessions, session_id: str) -> ClearRead:
    was_there = await sessions.delete(caller.user.id, session_id)
    return ClearRead(message="The session was cleared." if was_there else "There was no such session.")
