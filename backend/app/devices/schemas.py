"""Devices as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.keys.schemas import ModelName, Name
from app.keys.tables import ApiKey
from app.limits.schemas import Budget, RequestsPerMinute, StoredBudget, TokensPerMinute

Project = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]

_EXAMPLE: dict[str, JsonValue] = {
    "id": "019e9b3a5c0a7a0fb0c2f4f1f6a1b2c3",
    "name": "Maze robot",
    "client": "maze-robot-k3f9x2",
    "projects": ["maze"],
    "created_at": "2026-11-21T09:30:00Z",
    "requests_per_minute": 60,
    "tokens_per_minute": None,
    "budget": {"month": 5.0},
    "spent": {"day": None, "month": 1.2, "total": None},
    "allowed_models": None,
    "is_key_revoked": False,
    "presence": {"state": "online", "since": "2026-11-21T10:02:00Z"},
    "last_request_at": "2026-11-21T10:04:11Z",
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


class DeviceUpdate(BaseModel):
    """What changes of a device; absent fields stay, null takes a limit away. Its secret and its `client` stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"projects": ["maze", "racing"], "budget": {"month": 5.0}}]},
    )

    name: Name = ""
    projects: list[Project] = Field(default=[], max_length=100)
    allowed_models: list[ModelName] | None = Field(default=None, min_length=1, max_length=100)
    requests_per_minute: RequestsPerMinute | None = None
    tokens_per_minute: TokensPerMinute | None = None
    budget: Budget | None = None


class PresenceRead(BaseModel):
    """What a device says of itself on `pp/v1/{client}/status`, and since when."""

    state: Literal["online", "offline"]
    since: datetime


class Spent(BaseModel):
    """What a device has spent in each period for which it has a budget; null for the others."""

    day: float | None = None
    month: float | None = None
    total: float | None = None


class DeviceRead(BaseModel):
    """A device without its secret. `client` is its user name at the broker, and its place in the topics.

    `presence` is null for a device that says nothing of itself; `last_request_at` looks a month back.
    """

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    client: str
    projects: list[str]
    created_at: datetime
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget: Budget | None = None
    spent: Spent | None = Field(default=None, description="Null without a budget; a few seconds behind.")
    allowed_models: list[str] | None = None
    is_key_revoked: bool = Field(default=False, description="It gets no answers until it has a new secret.")
    presence: PresenceRead | None = None
    last_request_at: datetime | None = None

    @classmethod
    def limits_of(cls, key: ApiKey) -> dict[str, Any]:
        """Return the limits of its key, by field."""
        return dict(_Limits.model_validate(key))


class _Limits(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: StoredBudget
    allowed_models: list[str] | None


class DeviceCreated(DeviceRead):
    """A device with its secret, which is the broker's password and an API key; shown this once and stored nowhere."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "secret": "pp_abc123" + "…" * 3}]},
    )

    secret: str


class DeviceList(BaseModel):
    """All devices of the caller, newest first; budgets are in `currency`."""

    items: list[DeviceRead]
    currency: str


class DeviceRequest(BaseModel):
    """One request, without its text."""

    created_at: datetime
    door: str
    operation: str
    model: str | None
    status: str
    error_code: str | None
    prompt_tokens: int
    completion_tokens: int
    cost: float
    total_ms: float | None


class DeviceRequests(BaseModel):
    """The last requests of a device, newest first; a request is here a few seconds after its end."""

    items: list[DeviceRequest]
    currency: str
