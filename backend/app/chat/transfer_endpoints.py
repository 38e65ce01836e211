"""/api/sessions: export to files and import from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.responses import StreamingResponse

from app.chat.deps import Chatter, Exports, Imports
from app.chat.portable import PortableSession
from app.chat.transfer_schemas import ImportRead
from app.web.downloads import attachment

router = APIRouter(prefix="/api/sessions", tags=["sessions"])

_DOCUMENT = "An export of this portal (one conversation or all), ChatGPT's `conversations.json`, or Open WebUI's chat export."
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "model": PortableSession,
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    },
    404: {"description": "No session of that id is yours."},
}
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`{format: prompt-portal.sessions/1, exported_at, sessions: […]}`, one session a line.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
_IMPORT: dict[int | str, dict[str, Any]] = {
    413: {"description": "The document is larger than MAX_BODY_BYTES: send it in parts."},
    422: {"description": "No format that the portal knows, or more than 1,000 conversations."},
}


@router.get(
    "/export",
    summary="Export all conversations as one JSON document",
    response_class=StreamingResponse,
    responses=_ARCHIVE,
)
async def export_all(caller: Chatter, exports: Exports) -> StreamingResponse:
    pieces = await exports.archive(caller.user.id)
    headers = attachment("prompt-portal-conversations", "json")
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


@router.get(
    "/{session_id}/export",
    summary="Export a conversation: JSON has all its branches, Markdown the active one",
    response_class=Response,
    responses=_FILE,
)
async def export_session(
    caller: Chatter,
    exports: Exports,
    session_id: Annotated[str, Path(description="The session's id.")],
    format: Annotated[Literal["json", "markdown"], Query()] = "json",
) -> Response:
    if format == "markdown":
        title, text = await exports.markdown(caller.user.id, session_id)
        return Response(text, media_type="text/markdown", headers=attachment(title, "md"))
    session = await exports.session(caller.user.id, session_id)
    headers = attachment(session.title, "json")
    return Response(session.model_dump_json(indent=1), media_type="application/json", headers=headers)


@router.post(
    "/import",
    summary="Import conversations of this portal, ChatGPT or Open WebUI",
    description="They get new ids and keep titles, times and branches. Importing the same file again makes copies.",
    responses=_IMPORT,
)
async def import_sessions(
    caller: Chatter,
    imports: Imports,
    document: Annotated[list[Any] | dict[str, Any], Body(description=_DOCUMENT)],
) -> ImportRead:
    return await imports.take_in(caller.user.id, document)
