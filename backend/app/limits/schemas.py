"""Limits as the API takes and shows them; money is in the portal's currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.limits.subjects import PERIODS, Period
from app.llm.money import to_money, to_nanos

RequestsPerMinute = Annotated[int, Field(ge=1, le=1_000_000)]
TokensPerMinute = Annotated[int, Field(ge=1, le=1_000_000_000)]
Money = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Budget(BaseModel):
    """The most that may be spent in a day, a month (both UTC) and ever; null is no bound, 0 allows free models only."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"month": 5.0}]})

    day: Money | None = None
    month: Money | None = None
    total: Money | None = None

    def stored(self) -> dict[Period, int] | None:
        """Return it as it is kept: nanos by period, or None where nothing is bounded."""
        amounts = {name: getattr(self, name) for name in PERIODS}
        return {name: to_nanos(money) for name, money in amounts.items() if money is not None} or None


def _from_store(value: object) -> object:
    """Read what is stored: there budgets are whole numbers of nanos."""
    if isinstance(value, Mapping):
        return {name: to_money(nanos) for name, nanos in value.items()}
    return value


StoredBudget = Annotated[Budget | None, BeforeValidator(_from_store)]
"""For models that are read from rows alone: a budget given in money would be taken for nanos."""


class LimitsUpdate(BaseModel):
    """Limits that replace what there was; what is left out or null is no limit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"requests_per_minute": 60, "budget": {"month": 5.0}}]},
    )

    requests_per_minute: RequestsPerMinute | None = None
    tokens_per_minute: TokensPerMinute | None = None
    budget: Budget | None = None

    def stored(self) -> dict[str, Any]:
        """Return them as columns."""
        return {
            "requests_per_minute": self.requests_per_minute,
            "tokens_per_minute": self.tokens_per_minute,
            "budget": self.budget.stored() if self.budget is not None else None,
        }


class LimitsRead(BaseModel):
    """The limits of a person over all their keys and the page."""

    model_config = ConfigDict(from_attributes=True)

    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: StoredBudget
