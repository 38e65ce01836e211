"""What locks, rate windows, event logs and signals promise, held against memory and against a real Redis alike.

`first` and `second` are two coordinators that should see each other: two event loops' worth within one process in memory,
two replicas on one Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.coord.base import Coord, LockQueueFullError, LockTimeoutError, LogNotFoundError
from app.coord.factory import create_coord
from app.coord.memory import MemoryCoord, make_hub
from app.coord.redis import RedisCoord
from app.kit.ids import new_id

pytestmark = pytest.mark.live


@pytest.fixture(params=["memory", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Coord, Coord]]:
    coords: list[Coord] = []
    if request.param == "memory":
        name = new_id()
        coords = [create_coord("", shared_name=name), create_coord("", shared_name=name)]
    else:
        url = request.getfixturevalue("redis_url")
        coords = [create_coord(url, shared_name=new_id()), create_coord(url, shared_name=new_id())]
    assert isinstance(coords[0], MemoryCoord if request.param == "memory" else RedisCoord)
    for coord in coords:
        await coord.start()
    yield coords[0], coords[1]
    for coord in coords:
        await coord.close()


@pytest.fixture
def first(pair: tuple[Coord, Coord]) -> Coord:
    return pair[0]


@pytest.fixture
def second(pair: tuple[Coord, Coord]) -> Coord:
    return pair[1]


async def _settle() -> None:
    """Let everything that is under way get where it is going."""
    await asyncio.sleep(0.05)


async def _stand_in_line(coord: Coord, name: str, count: int) -> None:
    """Wait until so many wait for a lock: then one more who would let no more wait is refused."""
    async with asyncio.timeout(10):
        while True:
            try:
                async with coord.locks.hold(name, max_waiting=count, wait_seconds=0.001):
                    raise AssertionError("nobody holds it")
            except LockQueueFullError:
                return
            except LockTimeoutError:
                continue


# Locks


async def test_a_lock_is_held_by_one_at_a_time_and_granted_in_order_across_replicas(
    first: Coord, second: Coord
) -> None:
    order: list[int] = []
    inside = 0

    async def work(number: int) -> None:
        nonlocal inside
        async with (first, second)[number % 2].locks.hold("a", max_waiting=50):
            inside += 1
            assert inside == 1
            order.append(number)
            await asyncio.sleep(0.001)
            inside -= 1

    tasks = []
    async with second.locks.hold("a", max_waiting=50):
        for number in range(10):
            tasks.append(asyncio.create_task(work(number)))
            await _stand_in_line(first, "a", number + 1)
    await asyncio.gather(*tasks)
    assert order == list(range(10))


async def test_different_locks_do_not_wait_for_each_other(first: Coord) -> None:
    async with first.locks.hold("a", max_waiting=0), asyncio.timeout(1), first.locks.hold("b", max_waiting=0):
        pass


async def test_a_full_queue_refuses_at_once(first: Coord, second: Coord) -> None:
    async def wait_behind(coord: Coord) -> None:
        async with coord.locks.hold("a", max_waiting=10):
            pass

    async with first.locks.hold("a", max_waiting=2):
        waiters = [asyncio.create_task(wait_behind(coord)) for coord in (first, second)]
        await _stand_in_line(first, "a", 2)
        with pytest.raises(LockQueueFullError):
            async with asyncio.timeout(1), second.locks.hold("a", max_waiting=2):
                pass
    await asyncio.gather(*waiters)


async def test_nobody_may_wait_when_max_waiting_is_zero(first: Coord, second: Coord) -> None:
    async with first.locks.hold("a", max_waiting=0):
        with pytest.raises(LockQueueFullError):
            async with second.locks.hold("a", max_waiting=0):
                pass
    await _settle()
    async with second.locks.hold("a", max_waiting=0):
        pass


async def test_a_wait_ends_after_its_time_and_leaves_the_queue(first: Coord, second: Coord) -> None:
    async with first.locks.hold("a", max_waiting=1):
        with pytest.raises(LockTimeoutError):
            async with second.locks.hold("a", max_waiting=1, wait_seconds=0.05):
                pass
        await _settle()
        with pytest.raises(LockTimeoutError):  # the queue has room again
            async with second.locks.hold("a", max_waiting=1, wait_seconds=0.05):
                pass
    async with asyncio.timeout(2), second.locks.hold("a", max_waiting=1):
        pass


async def test_a_cancelled_waiter_is_passed_over(first: Coord, second: Coord) -> None:
    is_granted = asyncio.Event()

    async def wait_behind(coord: Coord) -> None:
        async with coord.locks.hold("a", max_waiting=5):
            is_granted.set()

    async with first.locks.hold("a", max_waiting=5):
        cancelled = asyncio.create_task(wait_behind(second))
        await _stand_in_line(first, "a", 1)
        patient = asyncio.create_task(wait_behind(first))
        await _stand_in_line(first, "a", 2)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert not is_granted.is_set()
    await asyncio.wait_for(patient, 2)
    assert cancelled.cancelled()


async def test_the_lock_is_free_after_an_exception_and_the_lease_was_never_lost(
    first: Coord, second: Coord
) -> None:
    with pytest.raises(KeyError):
        async with first.locks.hold("a", max_waiting=0) as lease:
            assert not lease.is_lost
            raise KeyError
    await _settle()
    async with second.locks.hold("a", max_waiting=0):
        pass


# Rate windows


async def test_concurrent_takes_never_exceed_the_limit(first: Coord, second: Coord) -> None:
    takes = [
        coord.rates.take("a", limit=30, window_seconds=60, amount=amount)
        for amount in (1, 2, 3)
        for coord in (first, second) * 20
    ]
    decisions = await asyncio.gather(*takes)
    amounts = [amount for amount in (1, 2, 3) for _ in range(40)]
    used = sum(amount for decision, amount in zip(decisions, amounts, strict=True) if decision.is_allowed)
    assert 28 <= used <= 30
    assert all(0 <= decision.remaining <= 30 and decision.limit == 30 for decision in decisions)


async def test_a_refused_take_counts_nothing_and_says_when_to_come_back(first: Coord, second: Coord) -> None:
    assert (await first.rates.take("a", limit=10, window_seconds=60, amount=8)).remaining == 2
    refused = await second.rates.take("a", limit=10, window_seconds=60, amount=3)
    assert not refused.is_allowed
    assert refused.remaining == 2
    assert 57 <= refused.retry_after_seconds <= refused.reset_seconds <= 63
    fits = await second.rates.take("a", limit=10, window_seconds=60, amount=2)
    assert fits.is_allowed
    assert fits.remaining == 0
    assert fits.retry_after_seconds == 0


async def test_a_window_frees_what_it_counted(first: Coord) -> None:
    async with asyncio.timeout(10):
        while (refused := await first.rates.take("a", limit=1, window_seconds=0.2)).is_allowed:
            pass  # the first, and one that came after a pause of a window's length
    await asyncio.sleep(refused.retry_after_seconds + 0.002)
    assert (await first.rates.take("a", limit=1, window_seconds=0.2)).is_allowed


async def test_a_reservation_is_settled_by_what_was_really_used(first: Coord, second: Coord) -> None:
    await first.rates.take("tokens", limit=1000, window_seconds=60, amount=900)
    await second.rates.adjust("tokens", delta=-700, window_seconds=60)
    assert (await first.rates.take("tokens", limit=1000, window_seconds=60, amount=1)).remaining == 799
    await first.rates.adjust("tokens", delta=900, window_seconds=60)
    assert not (await second.rates.take("tokens", limit=1000, window_seconds=60, amount=1)).is_allowed
    await second.rates.adjust("never seen", delta=-5, window_seconds=60)
    for _ in range(3):  # what was given back already has nothing left to give
        await second.rates.take("attempts", limit=5, window_seconds=60)
        await second.rates.adjust("attempts", delta=-1, window_seconds=60)
        await second.rates.adjust("attempts", delta=-1, window_seconds=60)
    assert (await second.health()).is_healthy, "no script that fails is taken for a store that is away"
    assert (await first.rates.take("attempts", limit=1, window_seconds=60)).is_allowed
    assert (await first.rates.take("never seen", limit=5, window_seconds=60, amount=5)).is_allowed


async def test_what_is_settled_at_once_is_settled_and_what_is_not_says_so(first: Coord) -> None:
    await first.rates.take("tokens", limit=1000, window_seconds=60, amount=900)
    is_settled = first.rates.adjust_now("tokens", delta=-700, window_seconds=60)
    left = (await first.rates.take("tokens", limit=1000, window_seconds=60, amount=1)).remaining
    assert left == (799 if is_settled else 99)


async def test_names_have_windows_of_their_own(first: Coord) -> None:
    await first.rates.take("a", limit=1, window_seconds=60)
    assert (await first.rates.take("b", limit=1, window_seconds=60)).is_allowed


# Event logs


async def _read_all(coord: Coord, log_id: str, after: int = 0) -> list[tuple[int, bytes, bool]]:
    return [(event.number, event.data, event.is_last) async for event in coord.logs.read(log_id, after=after)]


async def test_every_reader_gets_every_byte_live_and_afterwards(first: Coord, second: Coord) -> None:
    writer = await first.logs.open("turn")
    early = [asyncio.create_task(_read_all(coord, "turn")) for coord in (first, second)]
    payloads = [bytes([number % 256]) * (number % 50) for number in range(1, 300)]
    for number, payload in enumerate(payloads, 1):
        assert writer.append(payload) == number
        if number % 25 == 0:
            await asyncio.sleep(0.01)
    midway = [asyncio.create_task(_read_all(coord, "turn", after=150)) for coord in (first, second)]
    await asyncio.sleep(0.01)
    assert await writer.finish(b"the end") == 300
    expected = [(number, payload, False) for number, payload in enumerate(payloads, 1)] + [
        (300, b"the end", True)
    ]
    late = [
        asyncio.create_task(_read_all(coord, "turn", after=after))
        for coord in (first, second)
        for after in (0, 299)
    ]
    async with asyncio.timeout(5):
        assert [await task for task in early] == [expected, expected]
        assert [await task for task in midway] == [expected[150:], expected[150:]]
        assert [await task for task in late] == [expected, expected[299:]] * 2


async def test_an_event_reaches_a_reader_on_the_other_replica_before_the_end(
    first: Coord, second: Coord
) -> None:
    writer = await first.logs.open("turn")
    reader = second.logs.read("turn")
    for number in range(1, 4):
        writer.append(b"piece %d" % number)
        async with asyncio.timeout(1):
            event = await anext(reader)
        assert (event.number, event.data, event.is_last) == (number, b"piece %d" % number, False)
    await writer.finish(b"end")
    assert (await anext(reader)).is_last
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_reading_after_the_last_event_ends_at_once(first: Coord, second: Coord) -> None:
    writer = await first.logs.open("turn")
    await writer.finish(b"end")
    async with asyncio.timeout(2):
        assert await _read_all(first, "turn", after=1) == []
        assert await _read_all(second, "turn", after=1) == []


async def test_an_unknown_log_is_said_to_be_unknown(first: Coord, second: Coord) -> None:
    for coord in (first, second):
        with pytest.raises(LogNotFoundError):
            await _read_all(coord, "never opened")


async def test_a_log_is_opened_once(first: Coord, second: Coord) -> None:
    await first.logs.open("turn")
    for coord in (first, second):
        with pytest.raises(ValueError, match="open already"):
            await coord.logs.open("turn")
    assert not asyncio.get_running_loop().is_closed()


async def test_a_log_that_was_just_opened_can_be_followed_elsewhere(first: Coord, second: Coord) -> None:
    writer = await first.logs.open("turn")
    follower = asyncio.create_task(_read_all(second, "turn"))
    await asyncio.sleep(0.15)
    await writer.finish(b"end")
    assert await asyncio.wait_for(follower, 2) == [(1, b"end", True)]


async def test_abandon_ends_a_log_whose_writer_died_and_no_other(first: Coord, second: Coord) -> None:
    writer = await first.logs.open("turn")
    writer.append(b"partial")
    follower = asyncio.create_task(_read_all(second, "turn"))
    await asyncio.sleep(0.1)
    await first.logs.abandon("turn", b"the portal was restarted")
    expected = [(1, b"partial", False), (2, b"the portal was restarted", True)]
    assert await asyncio.wait_for(follower, 2) == expected
    await second.logs.abandon("turn", b"again")
    assert await _read_all(first, "turn") == expected
    await second.logs.abandon("never opened", b"x")
    with pytest.raises(LogNotFoundError):
        await _read_all(second, "never opened")


async def test_readers_that_leave_are_forgotten(first: Coord, second: Coord) -> None:
    writer = await first.logs.open("turn")
    for coord in (first, second):
        reader = asyncio.create_task(_read_all(coord, "turn"))
        await _settle()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    writer.append(b"one")
    await writer.finish(b"end")
    assert len(await _read_all(second, "turn")) == 2


# Signals


async def test_a_signal_reaches_every_listener_of_its_topic(first: Coord, second: Coord) -> None:
    async with (
        first.signals.listen("cancel") as here,
        second.signals.listen("cancel") as there,
        second.signals.listen("other") as other,
    ):
        await first.signals.publish("cancel", b"turn-1")
        await second.signals.publish("cancel", b"turn-2")
        async with asyncio.timeout(2):
            assert {await anext(here), await anext(here)} == {b"turn-1", b"turn-2"}
            assert {await anext(there), await anext(there)} == {b"turn-1", b"turn-2"}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(other), 0.1)


async def test_a_signal_is_heard_once(first: Coord, second: Coord) -> None:
    async with first.signals.listen("t") as here, second.signals.listen("t") as there:
        await first.signals.publish("t", b"\x00binary\xff")
        for messages in (here, there):
            assert await asyncio.wait_for(anext(messages), 2) == b"\x00binary\xff"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(messages), 0.1)


async def test_health_says_what_is_shared(first: Coord) -> None:
    health = await first.health()
    assert health.is_healthy
    assert health.is_shared is isinstance(first, RedisCoord)


def test_a_hub_of_its_own_is_shared_with_nobody() -> None:
    assert make_hub().hub_id != make_hub().hub_id


# Kept bytes


async def test_what_one_keeps_the_other_finds_until_its_time_is_over(first: Coord, second: Coord) -> None:
    name = new_id()
    assert await second.blobs.get(name) is None
    await first.blobs.put(name, b"\x00an answer\xff", seconds=1, max_bytes=4096)
    assert await second.blobs.get(name) == b"\x00an answer\xff"
    await asyncio.sleep(1.1)
    assert await second.blobs.get(name) is None


async def test_kept_bytes_never_pass_their_bound(first: Coord, second: Coord) -> None:
    names = [new_id() for _ in range(12)]
    for number, name in enumerate(names):
        await first.blobs.put(name, bytes(1000), seconds=100 + number, max_bytes=6000)
    kept = [name for name in names if await second.blobs.get(name) is not None]
    assert kept == names[-4:]  # the newest; each costs its bookkeeping as well
    await first.blobs.put(names[-1], bytes(1500), seconds=200, max_bytes=6000)  # again, and larger
    assert len(await second.blobs.get(names[-1]) or b"") == 1500
    await first.blobs.put(names[0], bytes(7000), seconds=100, max_bytes=6000)
    assert await second.blobs.get(names[0]) is None
    assert await second.blobs.get(names[-1]) is not None
