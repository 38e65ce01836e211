"""What the doors for operators ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.admin.errors import OperatorOnlyError
from app.admin.runtime import AdminRuntime
from app.auth.deps import CurrentUser
from app.auth.principal import Principal


async def get_admin(request: Request) -> AdminRuntime:
    made: AdminRuntime = request.app.state.admin
    return made


async def current_operator(principal: CurrentUser) -> Principal:
    """Return an operator who signed in, or an administrator (also by a key of the scope `admin`)."""
    is_operator = principal.user.role == "operator" and principal.sign_in_id is not None
    if not (is_operator or principal.is_admin):
        raise OperatorOnlyError
    return principal


Admin = Annotated[AdminRuntime, Depends(get_admin)]
Operator = Annotated[Principal, Depends(current_operator)]
