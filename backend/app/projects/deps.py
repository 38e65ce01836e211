"""What the doors to projects ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.auth.deps import CurrentUser
from app.auth.principal import Principal
from app.projects.errors import ProjectEditorOnlyError
from app.projects.service import ProjectService


async def get_projects(request: Request) -> ProjectService:
    runtime = request.app.state.runtime
    return ProjectService(runtime.database, runtime.projects, runtime.templates, runtime.clock)


async def project_editor(principal: CurrentUser) -> Principal:
    """Return an operator who signed in, or an administrator (also by a key of the scope `admin`)."""
    is_operator = principal.user.role == "operator" and principal.sign_in_id is not None
    if not (is_operator or principal.is_admin):
        raise ProjectEditorOnlyError
    return principal


Projects = Annotated[ProjectService, Depends(get_projects)]
Editor = Annotated[Principal, Depends(project_editor)]
