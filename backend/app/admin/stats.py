"""Figures of requests: counts, tokens, cost and percentiles, of all and by group. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.admin.schemas import StatsGroup, StatsRow
from app.kit.clock import isoformat
from app.llm.money import to_money


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of one request."""

    door: str
    model: str | None
    status: str
    email: str | None
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_nanos: int
    ttft_ms: float | None
    total_ms: float | None
    ended_at: datetime
    device: str | None = None
    is_cache_hit: bool = False

    def key(self, by: StatsGroup) -> str:
        if by == "hour":
            return isoformat(self.ended_at.replace(minute=0, second=0, microsecond=0))
        found = {"door": self.door, "model": self.model, "user": self.email, "device": self.device}[by]
        return found or "none"


def grouped(requests: Sequence[Figures], by: StatsGroup) -> list[StatsRow]:
    """Return one row a group, by key."""
    groups: dict[str, list[Figures]] = {}
    for request in requests:
        groups.setdefault(request.key(by), []).append(request)
    return [summed(key, groups[key]) for key in sorted(groups)]


def summed(key: str, requests: Sequence[Figures]) -> StatsRow:
    """Return the figures of some requests together."""
    ttft = sorted(one.ttft_ms for one in requests if one.ttft_ms is not None)
    total = sorted(one.total_ms for one in requests if one.total_ms is not None)
    return StatsRow(
        key=key,
        turns=len(requests),
        errors=sum(one.status == "failed" for one in requests),
        cancelled=sum(one.status == "cancelled" for one in requests),
        prompt_tokens=sum(one.prompt_tokens for one in requests),
        completion_tokens=sum(one.completion_tokens for one in requests),
        cached_tokens=sum(one.cached_tokens for one in requests),
        cost=to_money(sum(one.cost_nanos for one in requests)),
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
