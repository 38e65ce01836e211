"""Usage as the API shows it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

OwnGroup = Literal["day", "model", "key", "door"]
AdminGroup = Literal["day", "model", "key", "door", "user", "device"]

_FIGURES: dict[str, JsonValue] = {
    "requests": 12,
    "errors": 1,
    "cancelled": 0,
    "cache_hits": 0,
    "prompt_tokens": 4200,
    "completion_tokens": 900,
    "cached_tokens": 3100,
    "reasoning_tokens": 0,
    "cost": 0.0213,
}


class UsageFigures(BaseModel):
    """Sums; `cost` is in the portal's currency. Thinking is part of the completion, cached tokens are of the prompt."""

    requests: int
    errors: int
    cancelled: int
    cache_hits: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: float


class UsageGroup(UsageFigures):
    """The sums of one group. `label` names it for people: the key's name, the person's address, the device's name."""

    key: str
    label: str


class UsageReport(BaseModel):
    """Sums over whole days (UTC), both ends included."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "currency": "USD",
                    "since": "2026-11-01",
                    "until": "2026-11-21",
                    "by": "model",
                    "total": _FIGURES,
                    "groups": [{"key": "llama3.1:8b", "label": "llama3.1:8b", **_FIGURES}],
                }
            ]
        }
    )

    currency: str
    since: date
    until: date
    by: str
    total: UsageFigures
    groups: list[UsageGroup]


class BudgetState(BaseModel):
    """One budget: how much of it is spent in this day or month. What runs just now is not in it."""

    of: Literal["key", "user"]
    period: Literal["day", "month", "total"]
    limit: float
    spent: float
    ends_at: str | None = Field(description="When it begins anew; null for the one over all time.")


class BudgetStates(BaseModel):
    """The budgets that count for the caller: a key's own, and its owner's."""

    currency: str
    items: list[BudgetState]
