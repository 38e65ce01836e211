"""/api/account: a person's own data."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.account.service import AccountExport
from app.auth.deps import SignedInUser
from app.web.downloads import attachment

router = APIRouter(prefix="/api/account", tags=["account"])

_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A ZIP archive: conversations, files, and every row that is the caller's.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    },
    403: {"description": "A key was sent; people take their data along after signing in."},
}


@router.get(
    "/export",
    summary="Everything that the portal holds of the caller",
    response_class=StreamingResponse,
    responses=_ARCHIVE,
)
async def export_account(principal: SignedInUser, request: Request) -> StreamingResponse:
    runtime = request.app.state.runtime
    export = AccountExport(runtime.database, runtime.exports, runtime.clock)
    pieces = await export.archive(principal.user.id)
    return StreamingResponse(
        pieces, media_type="application/zip", headers=attachment("prompt-portal-account", "zip")
    )
