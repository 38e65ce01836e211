"""API keys as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.kit.clock import in_utc
from app.limits.schemas import Budget, RequestsPerMinute, StoredBudget, TokensPerMinute

Scope = Literal["chat", "gateway", "devices", "admin"]
SCOPES: tuple[Scope, ...] = ("chat", "gateway", "devices", "admin")

MAX_NAME = 100
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]

_EXAMPLE: dict[str, JsonValue] = {
    "id": "019e9b3a5c0a7a0fb0c2f4f1f6a1b2c3",
    "name": "maze game",
    "prefix": "pp_abc123",
    "scopes": ["chat"],
    "allowed_models": None,
    "expires_at": None,
    "requests_per_minute": 60,
    "tokens_per_minute": None,
    "budget": {"day": None, "month": 5.0, "total": None},
    "created_at": "2026-11-21T09:30:00Z",
    "last_used_at": None,
}


class KeyCreate(BaseModel):
    """What a new key may do; `allowed_models: null` means every model, an absent limit means none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "maze game", "scopes": ["chat"], "requests_per_minute": 60}]
        },
    )

    name: Name
    scopes: list[Scope] = Field(default=["chat", "gateway"], min_length=1, max_length=len(SCOPES))
    allowed_models: list[ModelName] | None = Field(default=None, min_length=1, max_length=100)
    expires_at: Instant | None = None
    requests_per_minute: RequestsPerMinute | None = None
    tokens_per_minute: TokensPerMinute | None = None
    budget: Budget | None = None


class KeyUpdate(BaseModel):
    """What changes of a key; absent fields stay, null takes a limit away. Its scopes and its secret never change."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"requests_per_minute": 120, "budget": {"month": 5.0}}]},
    )

    name: Name = ""
    allowed_models: list[ModelName] | None = Field(default=None, min_length=1, max_length=100)
    expires_at: Instant | None = None
    requests_per_minute: RequestsPerMinute | None = None
    tokens_per_minute: TokensPerMinute | None = None
    budget: Budget | None = None


class KeyRead(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    allowed_models: list[str] | None
    expires_at: datetime | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: StoredBudget
    created_at: datetime
    last_used_at: datetime | None


class KeyCreated(KeyRead):
    """A new key; `key` is shown this once and stored nowhere."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "key": "pp_abc123" + "…" * 3}]},
    )

    key: str


class KeyList(BaseModel):
    """All keys of the caller, newest first."""

    items: list[KeyRead]
