"""What the doors for operators ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from app.admin.errors import OperatorOnlyError
from app.admin.runtime import AdminRuntime
from app.audit.service import AuditFilter
from app.auth.deps import CurrentUser
from app.auth.principal import Principal
from app.errors import UnprocessableError


async def get_admin(request: Request) -> AdminRuntime:
    made: AdminRuntime = request.app.state.admin
    return made


async def current_operator(principal: CurrentUser) -> Principal:
    """Return an operator who signed in, or an administrator (also by a key of the scope `admin`)."""
    is_operator = principal.user.role == "operator" and principal.sign_in_id is not None
    if not (is_operator or principal.is_admin):
        raise OperatorOnlyError
    return principal


_TEXT = r"^[^\x00]*$"  # PostgreSQL takes no NUL
Instant = Annotated[datetime | None, Query(description="An instant; without a zone it is UTC.")]


async def audit_wish(
    action: Annotated[
        str | None, Query(max_length=64, pattern=_TEXT, description="`key.create`, or `key` for all of keys.")
    ] = None,
    actor: Annotated[
        str | None, Query(max_length=320, pattern=_TEXT, description="A part of the address.")
    ] = None,
    subject: Annotated[str | None, Query(max_length=320, pattern=_TEXT)] = None,
    since: Instant = None,
    until: Instant = None,
) -> AuditFilter:
    return AuditFilter(action, actor, subject, _utc(since), _utc(until))


def _utc(given: datetime | None) -> datetime | None:
    if given is None or given.tzinfo is None:
        return given and given.replace(tzinfo=UTC)
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise UnprocessableError("since, until: no such instant.") from None


AuditWish = Annotated[AuditFilter, Depends(audit_wish)]
Admin = Annotated[AdminRuntime, Depends(get_admin)]
Operator = Annotated[Principal, Depends(current_operator)]
