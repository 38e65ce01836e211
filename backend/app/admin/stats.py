"""Figures of turns: counts, tokens and percentiles, of all and by group. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.admin.schemas import StatsGroup, StatsRow
from app.kit.clock import isoformat


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """What is counted of one turn."""

    door: str
    model: str | None
    status: str
    email: str
    usage: dict[str, Any] | None
    timings: dict[str, float] | None
    created_at: datetime

    def key(self, by: StatsGroup) -> str:
        if by == "hour":
            return isoformat(self.created_at.replace(minute=0, second=0, microsecond=0))
        return {"door": self.door, "model": self.model or "none", "user": self.email}[by]


def grouped(turns: Sequence[TurnFigures], by: StatsGroup) -> list[StatsRow]:
    """Return one row a group, by key."""
    groups: dict[str, list[TurnFigures]] = {}
    for turn in turns:
        groups.setdefault(turn.key(by), []).append(turn)
    return [summed(key, groups[key]) for key in sorted(groups)]


def summed(key: str, turns: Sequence[TurnFigures]) -> StatsRow:
    """Return the figures of some turns together."""
    ttft = _timings(turns, "ttft_ms")
    total = _timings(turns, "total_ms")
    return StatsRow(
        key=key,
        turns=len(turns),
        errors=sum(turn.status == "failed" for turn in turns),
        cancelled=sum(turn.status == "cancelled" for turn in turns),
        prompt_tokens=_tokens(turns, "prompt_tokens"),
        completion_tokens=_tokens(turns, "completion_tokens"),
        cached_tokens=_tokens(turns, "cached_tokens"),
        ttft_ms_p50=percentile(ttft, 50),
        ttft_ms_p95=percentile(ttft, 95),
        total_ms_p50=percentile(total, 50),
        total_ms_p95=percentile(total, 95),
    )


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile of sorted values: one that was measured; None of nothing."""
    if not values:
        return None
    rank = max(1, -(-percent * len(values) // 100))
    return values[rank - 1]


def _timings(turns: Iterable[TurnFigures], name: str) -> list[float]:
    found = ((turn.timings or {}).get(name) for turn in turns)
    return sorted(value for value in found if value is not None)


def _tokens(turns: Iterable[TurnFigures], name: str) -> int:
    return sum((turn.usage or {}).get(name) or 0 for turn in turns)
