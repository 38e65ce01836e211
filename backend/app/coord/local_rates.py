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
        self._windows: dict[tuple[str, float], _Window] = {}
        self._takes = 0

    async def take(self, name: str, *, limit: int, window_seconds: float, amount: int = 1) -> RateDecision:
        """See `coord.base.RateWindows.take`."""
        now = self._clock.monotonic()
        index = int(now / (window_seconds / BUCKETS))
        with self._mutex:
            self._sweep(now)
            window = self._window(name, window_seconds, index)
            if not (is_allowed := window.used + amount <= limit):
                return decide(window.counts, is_allowed, limit, amount, now, window_seconds)
            window.add(index, amount)
            reset_seconds = _tidy(window.free_at(window_seconds / BUCKETS) - now)
            return RateDecision(True, limit, max(0, limit - window.used), reset_seconds)

    async def adjust(self, name: str, *, delta: int, window_seconds: float) -> None:
        """See `coord.base.RateWindows.adjust`."""
        self.adjust_now(name, delta=delta, window_seconds=window_seconds)

    def adjust_now(self, name: str, *, delta: int, window_seconds: float) -> bool:
        """See `coord.base.RateWindows.adjust_now`. A refund is taken from the oldest parts, which come free first."""
        now = self._clock.monotonic()
        index = int(now / (window_seconds / BUCKETS))
        with self._mutex:
            window = self._window(name, window_seconds, index)
            if delta > 0:
                window.add(index, delta)
            for bucket in window.counts:
                if delta >= 0:
                    break
                refund = min(window.counts[bucket], -delta)
                window.add(bucket, -refund)
                delta += refund
        return True

    def _window(self, name: str, window_seconds: float, index: int) -> _Window:
        window = self._windows.get((name, window_seconds))
        if window is None:
            window = self._windows[name, window_seconds] = _Window()
        window.forget_before(index - BUCKETS)
        return window

    def _sweep(self, now: float) -> None:
        """Forget windows in which nothing is left, now and then."""
        self._takes += 1
        if self._takes % _SWEEP_EVERY:
            return
        for key, window in list(self._windows.items()):
            window.forget_before(int(now / (key[1] / BUCKETS)) - BUCKETS)
            if not window.used:
                del self._windows[key]


class _Window:
    """The parts of one window in their order, and what is in them all."""

    __slots__ = ("counts", "used")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.used = 0

    def add(self, bucket: int, amount: int) -> None:
        self.counts[bucket] = self.counts.get(bucket, 0) + amount
        self.used += amount

    def forget_before(self, oldest: int) -> None:
        while self.counts and (bucket := next(iter(self.counts))) < oldest:
            self.used -= self.counts.pop(bucket)

    def free_at(self, part_seconds: float) -> float:
        """Return when the newest part that holds anything comes free; 0 when none does."""
        for bucket in reversed(self.counts):
            if self.counts[bucket]:
                return _free_at(bucket, part_seconds)
        return 0.0


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
