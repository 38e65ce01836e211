"""Sliding-window counters within one process."""

from __future__ import annotations

import math
import threading

from app.coord.base import RateDecision
from app.kit.clock import Clock

BUCKETS = 20
"""A window is cut into so many parts. See `LocalRates`; Redis counts in the same way."""
_SWEEP_EVERY = 4096


class LocalRates:
    """Bucketed sliding window: what was counted in the running part and the `BUCKETS` before it, whole parts only.

    Unlike the interpolating two-bucket counter this never lets more than the limit through in any stretch of
    `window_seconds`; the price is that units come free up to a twentieth of the window late.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._windows: dict[tuple[str, float], dict[int, int]] = {}
        self._takes = 0

    async def take(self, name: str, *, limit: int, window_seconds: float, amount: int = 1) -> RateDecision:
        """See `coord.base.RateWindows.take`."""
        now = self._clock.monotonic()
        part = window_seconds / BUCKETS
        with self._mutex:
            self._sweep(now)
            counts = self._counts(name, window_seconds, int(now / part))
            if is_allowed := sum(counts.values()) + amount <= limit:
                counts[int(now / part)] = counts.get(int(now / part), 0) + amount
            return decide(counts, is_allowed, limit, amount, now, window_seconds)

    async def adjust(self, name: str, *, delta: int, window_seconds: float) -> None:
        """See `coord.base.RateWindows.adjust`. A refund is taken from the oldest parts, which come free first."""
        now = self._clock.monotonic()
        index = int(now / (window_seconds / BUCKETS))
        with self._mutex:
            counts = self._counts(name, window_seconds, index)
            if delta > 0:
                counts[index] = counts.get(index, 0) + delta
            for bucket in sorted(counts):
                refund = min(counts[bucket], max(0, -delta))
                counts[bucket] -= refund
                delta += refund

    def _counts(self, name: str, window_seconds: float, index: int) -> dict[int, int]:
        counts = self._windows.setdefault((name, window_seconds), {})
        for bucket in [bucket for bucket in counts if bucket < index - BUCKETS]:
            del counts[bucket]
        return counts

    def _sweep(self, now: float) -> None:
        """Forget windows in which nothing is left, now and then."""
        self._takes += 1
        if self._takes % _SWEEP_EVERY:
            return
        for key, counts in list(self._windows.items()):
            oldest_index = int(now / (key[1] / BUCKETS)) - BUCKETS
            if all(bucket < oldest_index or not count for bucket, count in counts.items()):
                del self._windows[key]


def decide(
    counts: dict[int, int], is_allowed: bool, limit: int, amount: int, now: float, window_seconds: float
) -> RateDecision:
    """Build the answer from the parts as they stand after counting; `now` is on the clock that numbers the parts."""
    part = window_seconds / BUCKETS
    used = sum(counts.values())
    filled = sorted(bucket for bucket, count in counts.items() if count)
    reset_seconds = _free_at(filled[-1], part) - now if filled else 0.0
    retry_seconds = 0.0
    if not is_allowed:
        retry_seconds = window_seconds if amount > limit else reset_seconds
        excess = used + amount - limit
        for bucket in filled if amount <= limit else []:
            excess -= counts[bucket]
            if excess <= 0:
                retry_seconds = _free_at(bucket, part) - now
                break
    return RateDecision(is_allowed, limit, max(0, limit - used), _tidy(reset_seconds), _tidy(retry_seconds))


def _free_at(bucket: int, part_seconds: float) -> float:
    return (bucket + BUCKETS + 1) * part_seconds


def _tidy(seconds: float) -> float:
    """Round up to the millisecond, so that who waits that long is not a hair too early."""
    return max(0.0, math.ceil(seconds * 1000) / 1000)
