"""/api/admin/usage: what everybody has used; and the limits of people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from app.admin.deps import Operator
from app.admin.endpoints import UserId
from app.admin.limits_service import LimitsService
from app.auth.deps import CurrentAdmin
from app.limits.schemas import LimitsRead, LimitsUpdate
from app.usage.endpoints import Since, Until, Usage
from app.usage.schemas import AdminGroup, UsageReport
from app.web.downloads import attachment

router = APIRouter(prefix="/api/admin", tags=["admin"])

_OPERATORS: dict[int | str, dict[str, Any]] = {403: {"description": "You are no operator."}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_PERSON: dict[int | str, dict[str, Any]] = {
    403: {"description": "You are no administrator."},
    404: {"description": "Nobody has this id."},
}


async def get_limits_service(request: Request) -> LimitsService:
    """Return the service over the running portal's database."""
    return LimitsService(request.app.state.runtime.database)


PeoplesLimits = Annotated[LimitsService, Depends(get_limits_service)]


@router.get("/usage", summary="What everybody has used", responses=_OPERATORS)
async def all_usage(
    _: Operator,
    usage: Usage,
    by: AdminGroup = "day",
    since: Since = None,
    until: Until = None,
    user_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    key_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
) -> UsageReport:
    return await usage.of_all(by, since, until, user_id=user_id, key_id=key_id)


@router.get(
    "/usage/export",
    summary="The same by day, person, key, device, door and model, for a spreadsheet",
    response_class=StreamingResponse,
    responses={**_OPERATORS, **_FILE},
)
async def export_usage(
    _: Operator, usage: Usage, since: Since = None, until: Until = None
) -> StreamingResponse:
    pieces = usage.as_csv(since, until)
    return StreamingResponse(pieces, media_type="text/csv", headers=attachment("usage", "csv"))


@router.get("/users/{user_id}/limits", summary="Read a person's limits", responses=_PERSON)
async def read_limits(_: Operator, limits: PeoplesLimits, user_id: UserId) -> LimitsRead:
    return await limits.read(user_id)


@router.put(
    "/users/{user_id}/limits",
    summary="Set a person's limits over all their keys and the page; what is left out is no limit",
    responses=_PERSON,
)
async def set_limits(
    _: CurrentAdmin, limits: PeoplesLimits, user_id: UserId, wish: LimitsUpdate
) -> LimitsRead:
    return await limits.set(user_id, wish)
