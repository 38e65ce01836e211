"""/api/templates: prompt templates. Keys of the scope `chat` read and try them; people write them.

The collection answers with and without a slash at its end, as clients of both kinds exist.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from app.auth.schemas import Done
from app.templates.deps import Author, Reader, Templates
from app.templates.schemas import (
    RenderBody,
    RenderRead,
    Tag,
    TemplateCreate,
    TemplateRead,
    TemplateUpdate,
    TemplateVersionRead,
)

router = APIRouter(prefix="/api/templates", tags=["templates"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No template of that id is for you."}}
_OWN: dict[int | str, dict[str, Any]] = {
    403: {"description": "A key was sent; templates are written by people who signed in."},
    404: {"description": "No template of that id is yours."},
}
TemplatePath = Annotated[int, Path(description="The template's id.")]
Skip = Annotated[int, Query(ge=0, le=1_000_000, description="So many are left out from the front.")]


@router.get("/", include_in_schema=False)
@router.get("", summary="List templates, the last changed first")
async def list_templates(
    caller: Reader,
    templates: Templates,
    skip: Skip = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    mine: Annotated[bool, Query(description="False: also those that others share.")] = True,
    tag: Annotated[Tag | None, Query()] = None,
) -> list[TemplateRead]:
    return await templates.page(caller.user.id, is_mine=mine, tag=tag, skip=skip, limit=limit)


@router.post("/", status_code=201, include_in_schema=False)
@router.post(
    "",
    status_code=201,
    summary="Write a template",
    responses={403: _OWN[403], 409: {"description": "You have too many templates."}},
)
async def create_template(author: Author, templates: Templates, wish: TemplateCreate) -> TemplateRead:
    return await templates.create(author.user.id, wish)


@router.get("/{template_id}", summary="Read a template in its newest version", responses=_ABSENT)
async def read_template(caller: Reader, templates: Templates, template_id: TemplatePath) -> TemplateRead:
    return await templates.read(caller.user.id, template_id)


@router.put(
    "/{template_id}",
    summary="Write a template anew",
    description="Absent fields take their defaults. Earlier versions stay as they are.",
    responses=_OWN,
)
async def replace_template(
    author: Author, templates: Templates, template_id: TemplatePath, wish: TemplateCreate
) -> TemplateRead:
    return await templates.replace(author.user.id, template_id, wish)


@router.patch(
    "/{template_id}",
    summary="Change some of a template's fields",
    description=(
        "A change of `content` or `variables` makes a new version; earlier ones stay as they are. "
        "`is_public` shares this version and later ones inside the portal, to see and use, not to change."
    ),
    responses=_OWN,
)
async def change_template(
    author: Author, templates: Templates, template_id: TemplatePath, wish: TemplateUpdate
) -> TemplateRead:
    return await templates.change(author.user.id, template_id, wish)


@router.delete("/{template_id}", summary="Delete a template with all its versions", responses=_OWN)
async def delete_template(author: Author, templates: Templates, template_id: TemplatePath) -> Done:
    await templates.delete(author.user.id, template_id)
    return Done()


@router.get("/{template_id}/versions", summary="List a template's versions, newest first", responses=_ABSENT)
async def list_versions(
    caller: Reader,
    templates: Templates,
    template_id: TemplatePath,
    skip: Skip = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[TemplateVersionRead]:
    return await templates.versions(caller.user.id, template_id, skip=skip, limit=limit)


@router.get("/{template_id}/versions/{number}", summary="Read one version of a template", responses=_ABSENT)
async def read_version(
    caller: Reader, templates: Templates, template_id: TemplatePath, number: int
) -> TemplateVersionRead:
    return await templates.version(caller.user.id, template_id, number)


@router.post(
    "/{template_id}/render",
    summary="Try a template: its text with your values",
    responses={**_ABSENT, 413: {"description": "The text would be too long."}},
)
async def render_template(
    caller: Reader, templates: Templates, template_id: TemplatePath, body: RenderBody
) -> RenderRead:
    return await templates.render(caller.user.id, template_id, body.variables, body.version)
