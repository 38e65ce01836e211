"""What tokens cost. Amounts are whole billionths of the portal's currency ("nanos"), so that sums are exact. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.llm.types import Usage

NANOS = 1_000_000_000
_NANOS_PER_TOKEN = 1000  # of a price of 1 for a million tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens. `cached` is for prompt tokens that the server had in its cache; None: as `input`."""

    input: float = 0.0
    output: float = 0.0
    cached: float | None = None

    def nanos(self, usage: Usage) -> int:
        """Return what this usage costs; thinking is part of the completion."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        of_cache = self.input if self.cached is None else self.cached
        money = (usage.prompt_tokens - cached) * self.input + cached * of_cache
        return round((money + usage.completion_tokens * self.output) * _NANOS_PER_TOKEN)


def to_nanos(money: float) -> int:
    """Return an amount in nanos."""
    return round(money * NANOS)


def to_money(nanos: int) -> float:
    """Return nanos as an amount in the portal's currency."""
    return nanos / NANOS
