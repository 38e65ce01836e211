"""Devices as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.keys.schemas import ModelName, Name
from app.limits.schemas import Budget, RequestsPerMinute, TokensPerMinute

Project = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]

_EXAMPLE: dict[str, JsonValue] = {
    "id": "019e9b3a5c0a7a0fb0c2f4f1f6a1b2c3",
    "name": "Maze robot",
    "client": "maze-robot-k3f9x2",
    "projects": ["maze"],
    "created_at": "2026-11-21T09:30:00Z",
}


class DeviceCreate(BaseModel):
    """A new device; `projects` are those on whose topics it may speak besides its own `pp/v1/{client}/…`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Maze robot", "projects": ["maze"], "requests_per_minute": 60}]
        },
    )

    name: Name
    projects: list[Project] = Field(default=[], max_length=100)
    allowed_models: list[ModelName] | None = Field(default=None, min_length=1, max_length=100)
    requests_per_minute: RequestsPerMinute | None = None
    tokens_per_minute: TokensPerMinute | None = None
    budget: Budget | None = None


class DeviceRead(BaseModel):
    """A device without its secret. `client` is its user name at the broker, and its place in the topics."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    client: str
    projects: list[str]
    created_at: datetime


class DeviceCreated(DeviceRead):
    """A device with its secret, which is the broker's password and an API key; shown this once and stored nowhere."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "secret": "pp_abc123" + "…" * 3}]},
    )

    secret: str


class DeviceList(BaseModel):
    """All devices of the caller, newest first."""

    items: list[DeviceRead]
