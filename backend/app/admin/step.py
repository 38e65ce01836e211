"""What one replica did within a step of the pulse, so that replicas' steps can be added up. Pure.

Times are counted in buckets that grow by a tenth: percentiles of many replicas together are within 5 % (after DDSketch,
Masson, Rim, Lee: "DDSketch", VLDB 2019).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from app.admin.schemas import PulsePoint
from app.llm.accounting import Spent
from app.llm.money import to_money

STEP_SECONDS = 2
_GROWTH = math.log(1.1)
_MIDDLE = 2 / (1 + 1.1)  # from a bucket's upper end to the value whose error is the same at both ends


@dataclass
class Step:
    """Counts of some two seconds; `first_token` counts first tokens by their times' buckets."""

    seconds: float = 0.0
    requests: int = 0
    failures: int = 0
    refusals: int = 0
    turns: int = 0
    cache_hits: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_nanos: int = 0
    active: int = 0
    queued: int = 0
    first_token: dict[int, int] = field(default_factory=dict)

    def count_request(self, status: int) -> None:
        """Count one answer over HTTP."""
        self.requests += 1
        self.failures += status >= 500
        self.refusals += status == 429

    def count_spent(self, spent: Spent) -> None:
        """Count one request to a model that has ended, by whichever door it came."""
        usage = spent.usage
        self.turns += 1
        self.failures += spent.status == "failed"
        self.cache_hits += spent.is_cache_hit
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens or 0
        self.completion_tokens += usage.completion_tokens
        self.cost_nanos += spent.nanos
        if spent.ttft_ms is not None:
            bucket = bucket_of(spent.ttft_ms)
            self.first_token[bucket] = self.first_token.get(bucket, 0) + 1

    def plain(self) -> dict[str, Any]:
        """Return it for a message; `read_step` reads it."""
        return asdict(self)


def read_step(given: dict[str, Any]) -> Step:
    """Read what `plain` wrote; what a newer portal added is left out. Raises ValueError, TypeError, AttributeError."""
    known = {name: given[name] for name in Step.__dataclass_fields__ if name in given}
    times = {int(bucket): int(count) for bucket, count in known.pop("first_token", {}).items()}
    return Step(**{name: value + 0 for name, value in known.items()}, first_token=times)


def bucket_of(milliseconds: float) -> int:
    """Return the bucket of a time; everything up to a millisecond is in the first."""
    return max(0, math.ceil(math.log(max(milliseconds, 1.0)) / _GROWTH - 1e-9))


def quantile(buckets: Counter[int], percent: int) -> float | None:
    """Return the nearest-rank percentile of counted times, in milliseconds; None of nothing."""
    total = buckets.total()
    rank = max(1, -(-percent * total // 100))
    for bucket in sorted(buckets):
        rank -= buckets[bucket]
        if rank <= 0:
            return round(math.exp(bucket * _GROWTH) * _MIDDLE, 1)
    return None


def joined(first: Step, second: Step) -> Step:
    """Return two steps of one replica, one after the other, as one."""
    both = {name: getattr(first, name) + getattr(second, name) for name in _ADDED}
    times = Counter(first.first_token) + Counter(second.first_token)
    return Step(**both, active=second.active, queued=second.queued, first_token=dict(times))


def point_of(at: int, steps: Iterable[Step]) -> PulsePoint:
    """Add up what replicas did at the same time, each by its own seconds."""
    every = list(steps)
    times: Counter[int] = Counter()
    for step in every:
        times.update(step.first_token)

    def total(name: str) -> int:
        return sum(getattr(step, name) for step in every)

    def rate(name: str) -> float:
        return math.fsum(getattr(step, name) / max(step.seconds, 0.001) for step in every)

    prompt_tokens, turns = total("prompt_tokens"), total("turns")
    return PulsePoint(
        at=at,
        replicas=len(every),
        requests_per_second=round(rate("requests"), 2),
        turns_per_second=round(rate("turns"), 2),
        tokens_per_second=round(rate("completion_tokens"), 1),
        failures=total("failures"),
        refusals=total("refusals"),
        cached_share=round(total("cached_tokens") / prompt_tokens, 3) if prompt_tokens else None,
        hit_share=round(total("cache_hits") / turns, 3) if turns else None,
        cost_per_minute=to_money(round(rate("cost_nanos") * 60)),
        ttft_ms_p50=quantile(times, 50),
        ttft_ms_p95=quantile(times, 95),
        active=total("active"),
        queued=total("queued"),
    )


_ADDED = tuple(name for name in Step.__dataclass_fields__ if name not in ("active", "queued", "first_token"))
