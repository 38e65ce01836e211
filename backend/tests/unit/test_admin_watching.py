"""What administrators watch costs one look, however many they are; and the pulse counts what happened."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from app.admin.pulse import POINTS_KEPT, Pulse
from app.admin.watching import Watching
from app.errors import PortalError
from app.llm.accounting import Spent
from app.llm.types import Caller, Usage


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class _Looks:
    """Counts how often anybody looked; each look waits until it is let go."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Semaphore(0)

    async def __call__(self) -> bytes:
        await self.gate.acquire()
        self.count += 1
        return b"look %d" % self.count


async def test_a_hundred_administrators_cost_one_look() -> None:
    looks = _Looks()
    watching = Watching(looks, lambda error: b"error", interval_seconds=0)
    streams = [watching.follow() for _ in range(100)]
    firsts = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await asyncio.sleep(0)
    assert watching.watchers == 100
    for number in (1, 2):
        looks.gate.release()
        assert await asyncio.gather(*firsts) == [(number, b"look %d" % number)] * 100
        assert looks.count == number
        firsts = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(0)
    watching.leave()
    ends = await asyncio.gather(*firsts, return_exceptions=True)
    assert all(isinstance(end, StopAsyncIteration) for end in ends), "the portal's stop ends every stream"
    assert watching.watchers == 0
    await watching.close()


async def test_nobody_watching_costs_nothing_and_a_failed_look_is_told() -> None:
    looked = 0

    async def look() -> bytes:
        nonlocal looked
        looked += 1
        raise PortalError("no")

    watching = Watching(look, lambda error: error.message.encode(), interval_seconds=0)
    await asyncio.sleep(0)
    assert looked == 0
    async with contextlib.aclosing(watching.follow()) as stream:
        assert await anext(stream) == (1, b"no")
    seen = looked
    await asyncio.sleep(0)
    assert looked == seen


def test_the_pulse_counts_rates_percentiles_and_the_cache() -> None:
    clock = _Clock()
    pulse = Pulse(lambda: (3, 2), clock)
    for status in (200, 200, 429, 503):
        pulse.count_request(status)
    for first in (10.0, 20.0, 300.0):
        usage = Usage(prompt_tokens=100, completion_tokens=40, cached_tokens=75)
        pulse.count_spent(Spent(Caller(1), "v1", "chat", "done", usage=usage, ttft_ms=first))
    pulse.count_spent(Spent(Caller(1), "page", "chat", "failed"))
    clock.seconds = 2.0
    point = pulse.beat()
    assert (point.requests_per_second, point.turns_per_second, point.tokens_per_second) == (2.0, 2.0, 60.0)
    assert (point.failures, point.refusals, point.cached_share) == (2, 1, 0.75)
    assert (point.ttft_ms_p50, point.ttft_ms_p95, point.active, point.queued) == (20.0, 300.0, 3, 2)
    clock.seconds = 4.0
    silent = pulse.beat()
    assert (silent.requests_per_second, silent.ttft_ms_p50, silent.cached_share) == (0.0, None, None)
    for _ in range(2 * POINTS_KEPT):
        pulse.beat()
    assert len(pulse.points) == POINTS_KEPT
