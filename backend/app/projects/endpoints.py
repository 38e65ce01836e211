"""/api/projects: everybody reads them, operators and administrators change them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from app.auth.deps import CurrentUser
from app.auth.schemas import Done
from app.projects.deps import Editor, Projects
from app.projects.schemas import ProjectList, ProjectName, ProjectRead, ProjectSettings

router = APIRouter(prefix="/api/projects", tags=["devices"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No such project."}}
_EDITORS: dict[int | str, dict[str, Any]] = {403: {"description": "For operators and administrators only."}}


@router.get("", summary="List the projects that games speak to")
async def list_projects(_: CurrentUser, projects: Projects) -> ProjectList:
    return projects.list()


@router.get(
    "/{name}", summary="Read a project, with the prompt that a new session begins with", responses=_ABSENT
)
async def read_project(_: CurrentUser, projects: Projects, name: ProjectName) -> ProjectRead:
    return projects.read(name)


@router.put(
    "/{name}",
    summary="Change a project, or make one; live at once in every bridge",
    responses={
        **_EDITORS,
        201: {"description": "It is new.", "model": ProjectRead},
        409: {"description": "There are too many."},
    },
)
async def save_project(
    editor: Editor, projects: Projects, name: ProjectName, wish: ProjectSettings, response: Response
) -> ProjectRead:
    saved, is_new = await projects.save(editor.user.id, name, wish)
    if is_new:
        response.status_code = 201
    return saved


@router.delete(
    "/{name}",
    summary="Put a built-in project back to what it was, or remove an own one",
    responses={**_EDITORS, **_ABSENT},
)
async def delete_project(_: Editor, projects: Projects, name: ProjectName) -> Done:
    await projects.delete(name)
    return Done()
