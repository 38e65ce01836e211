"""What administrators watch costs one look, however many they are."""

from __future__ import annotations

import asyncio
import contextlib

from app.admin.watching import Watching
from app.coord.local_signals import LocalSignals
from app.errors import PortalError


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
    watching = Watching(looks, lambda error: b"error", LocalSignals(), interval_seconds=0)
    streams = [watching.follow(number) for number in range(100)]
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

    watching = Watching(look, lambda error: error.message.encode(), LocalSignals(), interval_seconds=0)
    await asyncio.sleep(0)
    assert looked == 0
    async with contextlib.aclosing(watching.follow(1)) as stream:
        assert await anext(stream) == (1, b"no")
    seen = looked
    await asyncio.sleep(0)
    assert looked == seen


async def test_who_may_watch_no_more_sees_the_stream_end_on_every_replica() -> None:
    async def look() -> bytes:
        return b"seen"

    signals = LocalSignals()
    here, there = (Watching(look, lambda error: b"", signals, interval_seconds=0) for _ in range(2))
    for watching in (here, there):
        watching.start()
    demoted, other = there.follow(7), there.follow(8)
    for stream in (demoted, other):
        await anext(stream)
    await here.end_everywhere(7)
    rest = [event async for event in demoted]
    assert len(rest) <= 10, "it has ended"
    assert (await anext(other))[1] == b"seen"
    await other.aclose()
    for watching in (here, there):
        await watching.close()


async def test_a_stream_ends_in_time_so_that_its_reader_shows_a_token_again() -> None:
    watching = Watching(_Looks(), lambda error: b"error", LocalSignals(), life_seconds=0.01)
    assert [event async for event in watching.follow(1)] == []
    assert watching.watchers == 0
    await watching.close()
