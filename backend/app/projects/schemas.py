"""Projects as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.kit.jsontext import json_bytes
from app.llm.types import PriorityClass
from app.templates.schemas import TemplateChoice

MAX_SCHEMA_BYTES = 20_000
_MAX_DEADLINE_SECONDS = 3600.0


def _unreserved(name: str) -> str:
    if name == "pp":
        raise ValueError("the topics under pp/ are the portal's own")
    return name


ProjectName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$"),
    AfterValidator(_unreserved),
    Field(description="A level of its topics."),
]
_ModelName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


def _small(schema: dict[str, Any]) -> dict[str, Any]:
    if len(json_bytes(schema)) > MAX_SCHEMA_BYTES:
        raise ValueError(f"it is larger than {MAX_SCHEMA_BYTES} bytes")
    return schema


_EXAMPLE: dict[str, JsonValue] = {
    "system_prompt": "You are the dragon of the last level. Answer in one sentence.",
    "temperature": 0.9,
    "max_tokens": 80,
    "priority": "player",
    "deadline_seconds": 20,
}


class ProjectSettings(TemplateChoice):
    """How a project is answered. What is absent is the portal's default; what a game sends of itself comes first.

    A template of the person who saves this (or a public one) takes the place of `system_prompt`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    system_prompt: Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")] = ""
    model: _ModelName | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    answer_schema: Annotated[
        dict[str, Any] | None,
        Field(description="A JSON schema that the model's answers are held to, where its server can."),
        AfterValidator(lambda schema: schema if schema is None else _small(schema)),
    ] = None
    priority: Annotated[
        PriorityClass, Field(description="Whose requests go first when the model is busy.")
    ] = "chat"
    deadline_seconds: Annotated[
        float | None,
        Field(gt=0, le=_MAX_DEADLINE_SECONDS, description="A request that names none is given up after it."),
    ] = None
    coalesces_states: Annotated[
        bool, Field(description="Of `{project}/state`, only the newest waits while one is being answered.")
    ] = True

    @property
    def response_format(self) -> dict[str, Any] | None:
        """The schema as model servers take it."""
        if self.answer_schema is None:
            return None
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": self.answer_schema}}


class ProjectRead(ProjectSettings):
    """A project. `is_builtin`: it is there without being stored; `is_changed`: it can be put back to what it was."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "name": "dragon",
                    "is_builtin": False,
                    "is_changed": False,
                    "updated_at": "2026-11-21T09:30:00Z",
                }
            ]
        }
    )

    name: str
    is_builtin: bool
    is_changed: bool
    updated_at: datetime | None


class ProjectList(BaseModel):
    """All projects by name."""

    items: list[ProjectRead]
