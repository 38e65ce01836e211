"""Templates as the API takes and shows them, and how a chat names one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from app.templates.renderer import parse
from app.templates.tables import Template, TemplateVersion
from app.templates.variables import MAX_VARIABLES, Variable

MAX_CONTENT_CHARS = 100_000
MAX_TAGS = 20


def _parsable(content: str) -> str:
    if "\x00" in content:
        raise ValueError("it must not contain the character U+0000")
    if not content.strip():
        raise ValueError("it must not be blank")
    parse(content)
    return content


def _once_each(variables: list[Variable]) -> list[Variable]:
    names = [variable.name for variable in variables]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"`{repeated}` is declared twice")
    return variables


def _null_is_empty(text: object) -> object:
    return "" if text is None else text


_LINE = r"^[^\x00-\x1f\x7f]*$"
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE)]
Description = Annotated[
    str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$"), BeforeValidator(_null_is_empty)
]
Content = Annotated[str, StringConstraints(max_length=MAX_CONTENT_CHARS), AfterValidator(_parsable)]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=40, pattern=_LINE),
]
Tags = Annotated[
    list[Tag], Field(max_length=MAX_TAGS), AfterValidator(lambda tags: list(dict.fromkeys(tags)))
]
Variables = Annotated[list[Variable], Field(max_length=MAX_VARIABLES), AfterValidator(_once_each)]
IgnoredVersion = Annotated[
    int | None,
    Field(description="Taken for older clients' sake and ignored: the portal counts versions itself."),
]

_WRITTEN: dict[str, Any] = {
    "title": "Maze guide",
    "description": "Guides a player without giving the way away.",
    "content": "You guide {{player}} through a maze. Be {{mood}}, and brief.",
    "variables": [{"name": "mood", "type": "choice", "choices": ["kind", "stern"], "default": "kind"}],
    "tags": ["maze"],
    "is_active": True,
    "is_public": False,
}


class TemplateCreate(BaseModel):
    """A template. What `content` names as `{{name}}` and `variables` does not declare is a required string."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_WRITTEN]})

    title: Title
    description: Description = ""
    content: Content
    variables: Variables = []
    tags: Tags = []
    is_active: bool = True
    is_public: bool = False
    version: IgnoredVersion = None


class TemplateUpdate(BaseModel):
    """The fields to change; a change of `content` or `variables` makes a new version."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_public": True}]})

    title: Title = ""
    description: Description = ""
    content: Content = ""
    variables: Variables = []
    tags: Tags = []
    is_active: bool = True
    is_public: bool = False
    version: IgnoredVersion = None


class TemplateRead(BaseModel):
    """A template in its newest version. `variables` has a declaration for each name in `content`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "user_id": 1,
                    **_WRITTEN,
                    "version": 1,
                    "created_at": "2026-11-21T09:30:00Z",
                    "updated_at": "2026-11-21T09:30:00Z",
                }
            ]
        }
    )

    id: int
    user_id: int
    title: str
    description: str
    content: str
    variables: list[Variable]
    tags: list[str]
    is_active: bool
    is_public: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, template: Template, version: TemplateVersion) -> Self:
        return cls(
            id=template.id,
            user_id=template.user_id,
            title=template.title,
            description=template.description,
            content=version.content,
            variables=[Variable.model_validate(variable) for variable in version.variables],
            tags=template.tags,
            is_active=template.is_active,
            is_public=template.public_from is not None,
            version=template.version,
            created_at=template.created_at,
            updated_at=template.updated_at,
        )


class TemplateVersionRead(BaseModel):
    """What a template said in one version; this never changes."""

    version: int
    content: str
    variables: list[Variable]
    created_at: datetime

    @classmethod
    def of(cls, row: TemplateVersion) -> Self:
        return cls(
            version=row.number,
            content=row.content,
            variables=[Variable.model_validate(variable) for variable in row.variables],
            created_at=row.created_at,
        )


TemplateId = Annotated[int, Field(ge=1)]
Values = Annotated[
    dict[str, Any],
    Field(
        max_length=2 * MAX_VARIABLES,
        description="The variables' values: strings, numbers, true or false, as the template declares them.",
    ),
]


class RenderBody(BaseModel):
    """The values to try a template with; `version` is the newest where it is absent."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"variables": {"player": "Ada", "mood": "kind"}}]}
    )

    variables: Values = {}
    version: TemplateId | None = None


class RenderRead(BaseModel):
    """A template's text with the values in it, and the version that it is of."""

    text: str
    version: int


class TemplateChoice(BaseModel):
    """How a chat names the template that its system prompt is made from."""

    template_id: Annotated[
        TemplateId | None, Field(description="Your template, or a public one; its text is the system prompt.")
    ] = None
    template_version: Annotated[TemplateId | None, Field(description="The newest where it is absent.")] = None
    variables: Values | None = None

    @field_validator("template_version", "variables")
    @classmethod
    def _goes_with_a_template(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("template_id", 0) is None:
            raise ValueError("it goes with template_id only")
        return value
