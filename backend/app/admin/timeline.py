"""Requests of the last minutes by step and group: what the charts by door, model, person and device show. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from app.admin.schemas import TimelineGroup, TimelineRead, TimelineSeries
from app.admin.stats import Figures, percentile
from app.llm.money import to_money

STEPS = 60
MAX_GROUPS = 6
_REST = "rest"


def timeline(
    requests: Sequence[Figures],
    by: TimelineGroup,
    minutes: int,
    now: datetime,
    *,
    currency: str = "USD",
    is_partial: bool = False,
) -> TimelineRead:
    """Put requests into STEPS steps that end now, for the MAX_GROUPS busiest groups and the rest together."""
    step_seconds = minutes * 60 // STEPS
    begin = int(now.timestamp()) // step_seconds * step_seconds - (STEPS - 1) * step_seconds
    busiest = Counter(one.key(by) for one in requests).most_common()
    names = {key for key, _ in busiest[:MAX_GROUPS]}
    places: dict[tuple[bool, str], list[list[Figures]]] = {
        (False, key): [[] for _ in range(STEPS)] for key, _ in busiest[:MAX_GROUPS]
    }
    if len(busiest) > MAX_GROUPS:
        places[True, _REST] = [[] for _ in range(STEPS)]
    for one in requests:
        key = one.key(by)
        step = int(one.ended_at.timestamp() - begin) // step_seconds
        if 0 <= step < STEPS:
            places[(False, key) if key in names else (True, _REST)][step].append(one)
    return TimelineRead(
        by=by,
        currency=currency,
        step_seconds=step_seconds,
        times=[begin + step * step_seconds for step in range(STEPS)],
        series=[_series(key, is_rest, steps) for (is_rest, key), steps in places.items()],
        is_partial=is_partial,
    )


def _series(key: str, is_rest: bool, steps: Sequence[Sequence[Figures]]) -> TimelineSeries:
    times = [sorted(one.ttft_ms for one in step if one.ttft_ms is not None) for step in steps]
    return TimelineSeries(
        key=key,
        is_rest=is_rest,
        turns=[len(step) for step in steps],
        errors=[sum(one.status == "failed" for one in step) for step in steps],
        cache_hits=[sum(one.is_cache_hit for one in step) for step in steps],
        tokens=[sum(one.completion_tokens for one in step) for step in steps],
        cost=[to_money(sum(one.cost_nanos for one in step)) for step in steps],
        ttft_ms_p50=[percentile(values, 50) for values in times],
        ttft_ms_p95=[percentile(values, 95) for values in times],
    )
