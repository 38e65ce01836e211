"""/api/admin: for operators to see and administrators to change; and /metrics, by a token of its own."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from app.admin.deps import Admin, AuditWish, Operator
from app.admin.errors import NoMetricsError
from app.admin.schemas import (
    AdminHealthRead,
    AdminUserList,
    AdminUserRead,
    AdminUserUpdate,
    AuditPage,
    InvitationCreate,
    InvitationList,
    InvitationRead,
    LiveRead,
    PulseRead,
    StatsGroup,
    StatsRead,
    TimelineGroup,
    TimelineRead,
)
from app.audit.export import ExportFormat
from app.auth.deps import Bearer, CurrentAdmin
from app.auth.errors import InvalidTokenError
from app.auth.schemas import Done
from app.chat.stream import EventStream
from app.web.downloads import attachment

router = APIRouter(prefix="/api/admin", tags=["admin"])
metrics_router = APIRouter(tags=["probes"])

_OPERATORS: dict[int | str, dict[str, Any]] = {403: {"description": "You are no operator."}}
_AUDIT_FILE: dict[str, Any] = {
    "description": "The file, the newest line first.",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}
_ADMINS: dict[int | str, dict[str, Any]] = {403: {"description": "You are no administrator."}}
_TEXT = r"^[^\x00]*$"  # PostgreSQL takes no NUL
UserId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/health", summary="Each part of the portal, and what to do about it", responses=_OPERATORS)
async def admin_health(_: Operator, admin: Admin) -> AdminHealthRead:
    return await admin.board.read()


@router.get("/stats", summary="Turns, tokens, times and errors", responses=_OPERATORS)
async def admin_stats(
    _: Operator,
    admin: Admin,
    hours: Annotated[int, Query(ge=1, le=24 * 90)] = 24,
    by: StatsGroup = "hour",
) -> StatsRead:
    return await admin.service.stats(hours, by)


@router.get("/pulse", summary="How busy the portal was in the last ten minutes", responses=_OPERATORS)
async def admin_pulse(_: Operator, admin: Admin) -> PulseRead:
    pulse = admin.pulse
    return PulseRead(
        replica=admin.replica,
        replicas=pulse.replicas(),
        currency=admin.currency,
        points=list(pulse.points),
    )


@router.get(
    "/timeline",
    summary="The last minutes by door, model, person or device, on all replicas",
    responses=_OPERATORS,
)
async def admin_timeline(
    _: Operator,
    admin: Admin,
    minutes: Annotated[int, Query(ge=5, le=24 * 60)] = 15,
    by: TimelineGroup = "door",
) -> TimelineRead:
    return await admin.timelines.read(minutes, by)


@router.get("/live", summary="What runs now, on every replica", responses=_OPERATORS)
async def admin_live(_: Operator, admin: Admin) -> LiveRead:
    return await admin.service.live()


@router.post(
    "/live/{turn_id}/cancel",
    summary="Stop anybody's turn",
    responses={**_OPERATORS, 404: {"description": "No such turn runs."}},
)
async def cancel_turn(caller: Operator, admin: Admin, turn_id: str) -> Done:
    await admin.service.cancel(caller.user, turn_id)
    return Done()


@router.get(
    "/events",
    summary="Health and what runs now, every second (SSE)",
    response_class=EventStream,
    responses=_OPERATORS,
)
async def admin_events(caller: Operator, admin: Admin) -> EventStream:
    return EventStream(admin.watching.follow(caller.user.id))


@router.get("/users", summary="List people", responses=_OPERATORS)
async def list_users(
    _: Operator,
    admin: Admin,
    query: Annotated[
        str | None, Query(max_length=320, pattern=_TEXT, description="A part of the address.")
    ] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AdminUserList:
    return await admin.service.people(query, after, limit)


@router.patch(
    "/users/{user_id}",
    summary="Change a role, or shut an account off",
    responses={
        **_ADMINS,
        404: {"description": "Nobody has this id."},
        409: {"description": "Your own account, or the last administrator's."},
    },
)
async def update_user(
    caller: CurrentAdmin, admin: Admin, user_id: UserId, wish: AdminUserUpdate
) -> AdminUserRead:
    return await admin.service.update_user(caller.user, user_id, wish)


@router.post("/invitations", status_code=201, summary="Make an invitation code", responses=_ADMINS)
async def make_invitation(caller: CurrentAdmin, admin: Admin, wish: InvitationCreate) -> InvitationRead:
    return await admin.service.invite(caller.user, wish)


@router.get("/invitations", summary="Invitations that can still be used", responses=_ADMINS)
async def list_invitations(_: CurrentAdmin, admin: Admin) -> InvitationList:
    return await admin.service.invitations()


@router.delete(
    "/invitations/{invitation_id}",
    summary="Withdraw an invitation",
    responses={**_ADMINS, 404: {"description": "No open invitation has this id."}},
)
async def withdraw_invitation(_: CurrentAdmin, admin: Admin, invitation_id: str) -> Done:
    await admin.service.withdraw_invitation(invitation_id)
    return Done()


@router.get("/audit", summary="Who did what, the newest first", responses=_ADMINS)
async def read_audit(
    _: CurrentAdmin,
    admin: Admin,
    wish: AuditWish,
    before: Annotated[str | None, Query(max_length=32, pattern=_TEXT)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPage:
    return await admin.service.audit_page(wish, before, limit)


@router.get(
    "/audit/export",
    summary="The audit log as CSV, or as one JSON document a line",
    response_class=StreamingResponse,
    responses={**_ADMINS, 200: _AUDIT_FILE},
)
async def export_audit(
    _: CurrentAdmin, admin: Admin, wish: AuditWish, format: Annotated[ExportFormat, Query()] = "csv"
) -> StreamingResponse:
    pieces = await admin.service.audit_file(wish, format)
    kind, extension = ("text/csv", "csv") if format == "csv" else ("application/x-ndjson", "ndjson")
    return StreamingResponse(pieces, media_type=kind, headers=attachment("audit-log", extension))


@metrics_router.get("/metrics", include_in_schema=False)
async def read_metrics(request: Request, bearer: Bearer, admin: Admin) -> Response:
    if not admin.metrics_token:
        raise NoMetricsError
    given = bearer.credentials if bearer is not None else ""
    if not hmac.compare_digest(given.encode(), admin.metrics_token.encode()):
        raise InvalidTokenError
    return Response(admin.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
