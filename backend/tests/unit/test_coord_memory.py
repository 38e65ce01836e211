"""Coordination in memory: over threads and event loops, with a clock that the test turns."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.coord.base import LogNotFoundError
from app.coord.factory import create_coord
from app.coord.local_logs import LocalLogs
from app.coord.local_rates import BUCKETS, LocalRates
from app.coord.local_signals import MAX_PENDING, LocalSignals
from app.coord.memory import MemoryCoord, make_hub
from app.coord.waiter import Waiter
from app.kit.ids import new_id


class TurnedClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


def _in_threads(work: Callable[[int], Coroutine[Any, Any, None]], count: int = 8) -> None:
    """Run a coroutine in as many threads, each with an event loop of its own."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            asyncio.run(work(number))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert not any(thread.is_alive() for thread in threads)


def test_coordinators_of_one_name_share_everything_across_threads() -> None:
    name = new_id()
    value = 0

    async def work(_number: int) -> None:
        nonlocal value
        coord = create_coord("", shared_name=name)
        for _ in range(50):
            async with coord.locks.hold("counter", max_waiting=100):
                seen = value
                await asyncio.sleep(0)
                value = seen + 1

    _in_threads(work)
    assert value == 400


def test_another_name_shares_nothing() -> None:
    async def work() -> None:
        one, other = create_coord("", shared_name=new_id()), create_coord("", shared_name=new_id())
        assert isinstance(one, MemoryCoord)
        await one.logs.open("turn")
        with pytest.raises(LogNotFoundError):
            await anext(other.logs.read("turn"))
        async with one.locks.hold("a", max_waiting=0), other.locks.hold("a", max_waiting=0):
            pass

    asyncio.run(work())


def test_a_log_written_in_one_thread_is_read_in_others_while_it_grows() -> None:
    name = new_id()
    texts: list[list[bytes]] = []
    are_reading = threading.Barrier(8)

    async def work(number: int) -> None:
        coord = create_coord("", shared_name=name)
        if number == 0:
            writer = await coord.logs.open("turn")
            await asyncio.to_thread(are_reading.wait)
            for piece in range(500):
                writer.append(b"%d" % piece)
                if piece % 10 == 0:
                    await asyncio.sleep(0)
            await writer.finish(b"end")
            return
        await asyncio.to_thread(are_reading.wait)
        texts.append([event.data async for event in coord.logs.read("turn")])

    _in_threads(work)
    assert texts == [[*(b"%d" % piece for piece in range(500)), b"end"]] * 7


def test_a_waiter_whose_loop_is_gone_is_passed_over() -> None:
    name = new_id()

    async def hold_while_others_come_and_go() -> None:
        coord = create_coord("", shared_name=name)
        async with coord.locks.hold("a", max_waiting=5):
            await asyncio.to_thread(_queue_in_a_loop_that_stops, name)
        async with asyncio.timeout(10), coord.locks.hold("a", max_waiting=5):
            pass

    asyncio.run(hold_while_others_come_and_go())
    gc.collect()


def _queue_in_a_loop_that_stops(name: str) -> None:
    """Let a coroutine queue for the lock, and close its loop under it as a dying thread would."""
    loop = asyncio.new_event_loop()
    context = create_coord("", shared_name=name).locks.hold("a", max_waiting=5)
    task = loop.create_task(context.__aenter__())  # type: ignore[arg-type]
    loop.run_until_complete(asyncio.sleep(0.01))
    assert not task.done()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    _abandoned.append((context, task))  # its clean-up never runs


_abandoned: list[object] = []


async def test_a_waiter_can_be_woken_before_it_waits_and_from_a_thread() -> None:
    early = Waiter()
    early.wake()
    assert await early.wait(0)
    late = Waiter()
    threading.Timer(0.01, late.wake).start()
    assert await late.wait(2)
    assert not await Waiter().wait(0.001)


# Rate windows


async def test_units_come_free_a_twentieth_of_the_window_late_at_most() -> None:
    clock = TurnedClock()
    rates = LocalRates(clock)
    assert (await rates.take("a", limit=3, window_seconds=60, amount=3)).remaining == 0
    clock.seconds += 59.9
    assert not (await rates.take("a", limit=3, window_seconds=60)).is_allowed
    clock.seconds += 3.2
    decision = await rates.take("a", limit=3, window_seconds=60)
    assert decision.is_allowed
    assert decision.remaining == 2


async def test_waiting_as_long_as_told_is_enough_and_less_is_not() -> None:
    clock = TurnedClock()
    rates = LocalRates(clock)
    for _ in range(4):
        await rates.take("a", limit=8, window_seconds=60, amount=2)
        clock.seconds += 10
    refused = await rates.take("a", limit=8, window_seconds=60, amount=3)
    assert not refused.is_allowed
    clock.seconds += refused.retry_after_seconds - 0.1
    assert not (await rates.take("a", limit=8, window_seconds=60, amount=3)).is_allowed
    clock.seconds += 0.1
    assert (await rates.take("a", limit=8, window_seconds=60, amount=3)).is_allowed


async def test_more_than_the_limit_never_fits_and_is_told_so() -> None:
    rates = LocalRates(TurnedClock())
    decision = await rates.take("a", limit=5, window_seconds=60, amount=6)
    assert not decision.is_allowed
    assert decision.retry_after_seconds == 60
    assert (await rates.take("a", limit=5, window_seconds=60, amount=5)).is_allowed


_STEPS = st.lists(
    st.tuples(st.floats(0, 40, allow_nan=False), st.integers(1, 6)),
    max_size=60,
)


@given(steps=_STEPS, limit=st.integers(1, 12))
@settings(deadline=None)
def test_no_stretch_of_a_window_ever_holds_more_than_the_limit(
    steps: list[tuple[float, int]], limit: int
) -> None:
    clock = TurnedClock()
    rates = LocalRates(clock)
    granted: list[tuple[float, int]] = []

    async def take_all() -> None:
        for pause, amount in steps:
            clock.seconds += pause
            if (await rates.take("a", limit=limit, window_seconds=60, amount=amount)).is_allowed:
                granted.append((clock.seconds, amount))

    asyncio.run(take_all())
    for end, _ in granted:
        assert sum(amount for instant, amount in granted if end - 60 < instant <= end) <= limit


async def test_windows_that_are_over_are_forgotten() -> None:
    clock = TurnedClock()
    rates = LocalRates(clock)
    for number in range(5000):
        await rates.take(f"user {number}", limit=1, window_seconds=1)
        clock.seconds += 0.01
    assert len(rates._windows) < 1500
    assert all(len(window.counts) <= BUCKETS + 1 for window in rates._windows.values())


# Event logs


async def _write(logs: LocalLogs, log_id: str, size: int = 1) -> None:
    writer = await logs.open(log_id)
    writer.append(b"x" * size)
    await writer.finish(b"end")


async def test_a_log_is_kept_ten_minutes_after_its_end_and_an_unfinished_one_for_good() -> None:
    clock = TurnedClock()
    logs = LocalLogs(clock)
    await _write(logs, "ended")
    running = await logs.open("running")
    clock.seconds += 599
    assert [event.number async for event in logs.read("ended")] == [1, 2]
    clock.seconds += 2
    with pytest.raises(LogNotFoundError):
        await anext(logs.read("ended"))
    clock.seconds += 100_000
    running.append(b"still here")
    assert (await anext(logs.read("running"))).data == b"still here"


async def test_when_all_logs_together_are_too_large_the_oldest_ended_one_goes() -> None:
    logs = LocalLogs(TurnedClock(), max_bytes=10_000)
    running = await logs.open("running")
    running.append(b"x" * 50_000)
    for number in range(5):
        await _write(logs, f"log {number}", 3_000)
    kept = [number for number in range(5) if logs.find(f"log {number}")]
    assert kept == [2, 3, 4]
    assert logs.find("running")


async def test_a_reader_of_a_dropped_log_reads_it_to_its_end() -> None:
    clock = TurnedClock()
    logs = LocalLogs(clock)
    await _write(logs, "turn")
    reader = logs.read("turn")
    assert (await anext(reader)).number == 1
    clock.seconds += 1000
    assert logs.find("turn") is None
    assert (await anext(reader)).is_last


async def test_nothing_can_be_appended_after_the_end() -> None:
    logs = LocalLogs(TurnedClock())
    writer = await logs.open("turn")
    await writer.finish(b"end")
    with pytest.raises(ValueError, match="has ended"):
        writer.append(b"late")
    with pytest.raises(ValueError, match="has ended"):
        await writer.finish(b"again")


async def test_a_log_that_its_writer_forgot_is_ended_by_abandon() -> None:
    logs = LocalLogs(TurnedClock())
    (await logs.open("turn")).append(b"one")
    gc.collect()
    await logs.abandon("turn", b"the portal was restarted")
    assert [(event.data, event.is_last) async for event in logs.read("turn")] == [
        (b"one", False),
        (b"the portal was restarted", True),
    ]


# Signals


async def test_a_listener_that_is_far_behind_loses_the_oldest_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    signals = LocalSignals()
    async with signals.listen("t") as messages:
        for number in range(MAX_PENDING + 2):
            await signals.publish("t", b"%d" % number)
        assert await anext(messages) == b"2"
    assert "too slow" in caplog.text
    await signals.publish("t", b"nobody listens")


async def test_what_is_kept_takes_no_more_memory_than_it_is_long() -> None:
    hub = make_hub(TurnedClock())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(200):
            log = await hub.logs.open(f"log-{number}")
            log.append(orjson.dumps({"content": "a word"}))
            await hub.blobs.put(f"{number}", orjson.dumps([number]), seconds=60, max_bytes=1_000_000)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held / 200 < 2_000


async def test_a_logs_events_are_kept_for_as_long_as_told() -> None:
    clock = TurnedClock()
    logs = LocalLogs(clock, retention_seconds=30)
    await (await logs.open("turn")).finish(b"done")
    clock.seconds += 30
    assert logs.find("turn") is not None
    clock.seconds += 1
    assert logs.find("turn") is None
