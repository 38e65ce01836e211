"""/api/sessions/{id}/share for owners, and /api/shared/{token} for whoever has the link."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from app.auth.deps import ClientInfo
from app.chat.deps import Chatter, Publisher, RuntimeDep, Shares
from app.chat.schemas import Done
from app.chat.share_schemas import ShareCreate, ShareCreated, SharedSession, ShareState

router = APIRouter(prefix="/api/sessions", tags=["shares"])
public_router = APIRouter(prefix="/api/shared", tags=["shares"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No session of that id is yours."}}
_EMPTY: dict[int | str, dict[str, Any]] = {409: {"description": "There is no finished message to show yet."}}
_PEOPLE: dict[int | str, dict[str, Any]] = {403: {"description": "An API key was sent: only people publish."}}
_CLOSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "There never was such a link, or it was withdrawn."},
    429: {"description": "Too many reads from this address; `retry-after` says when to try again."},
}
SessionPath = Annotated[str, Path(description="The session's id.")]


async def _public_base(request: Request, runtime: RuntimeDep) -> str:
    """Return the portal's address: as configured, else as this caller reached it."""
    return (runtime.settings.portal_public_url or str(request.base_url)).rstrip("/")


PublicBase = Annotated[str, Depends(_public_base)]


@router.post(
    "/{session_id}/share",
    summary="Make a read-only link to the conversation as it is now",
    description="The token is shown this once: only its hash is kept. An earlier link of this session is dead at once.",
    responses={**_ABSENT, **_EMPTY, **_PEOPLE},
)
async def share_session(
    caller: Publisher,
    shares: Shares,
    session_id: SessionPath,
    base: PublicBase,
    wish: ShareCreate | None = None,
) -> ShareCreated:
    has_reasoning = wish is not None and wish.include_reasoning
    token, row = await shares.share(caller.user.id, session_id, has_reasoning=has_reasoning)
    return ShareCreated(token=token, url=f"{base}/s/{token}", created_at=row.created_at)


@router.put(
    "/{session_id}/share",
    summary="Show the conversation as it is now under the link it has",
    responses={
        404: {"description": "No session of that id is yours, or it is not shared."},
        **_EMPTY,
        **_PEOPLE,
    },
)
async def update_share(caller: Publisher, shares: Shares, session_id: SessionPath) -> ShareState:
    return await shares.update(caller.user.id, session_id)


@router.get("/{session_id}/share", summary="Whether the conversation is shared", responses=_ABSENT)
async def read_share(caller: Chatter, shares: Shares, session_id: SessionPath) -> ShareState:
    return await shares.state(caller.user.id, session_id)


@router.delete("/{session_id}/share", summary="Withdraw the link at once", responses=_ABSENT)
async def withdraw_share(caller: Chatter, shares: Shares, session_id: SessionPath) -> Done:
    await shares.withdraw(caller.user.id, session_id)
    return Done()


@public_router.get("/{token}", summary="Read a shared conversation", responses=_CLOSED)
async def read_shared(
    shares: Shares, client: ClientInfo, token: Annotated[str, Path(description="The link's last part.")]
) -> SharedSession:
    return await shares.read(token, client.address)
