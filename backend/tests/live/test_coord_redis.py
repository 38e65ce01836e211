"""Coordination over Redis when things break: Redis stops, hangs, forgets; a replica is killed while it holds a lock."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

import pytest

from app.coord.base import CoordUnavailableError
from app.coord.memory import make_hub
from app.coord.redis import RedisCoord
from tests.fixtures.portal import BACKEND
from tests.fixtures.redis import RedisServer
from tests.fixtures.replicas import MakeReplica, is_healthy, queue_has, read_all, until

pytestmark = pytest.mark.live


async def test_a_replica_always_closes(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.coord.redis_link._PROBE_EVERY_SECONDS", 0)  # so that it always asks
    for number in range(150):
        coord = RedisCoord(own_redis.url, make_hub(), lease_seconds=1.5)
        await coord.start()
        await asyncio.sleep(number % 10 / 2000)
        done, _ = await asyncio.wait({asyncio.create_task(coord.close())}, timeout=10)
        assert done, f"try {number}: a cancellation was lost, and closing waits for ever"


HOLD_FOREVER = """
import asyncio, sys
from app.coord.memory import make_hub
from app.coord.redis import RedisCoord
async def main():
    coord = RedisCoord(sys.argv[1], make_hub(), lease_seconds=1.5)
    await coord.start()
    async with coord.locks.hold("a", max_waiting=5):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_the_lock_of_a_killed_process_goes_to_the_next_when_its_lease_ends(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord = await replica()
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_FOREVER, own_redis.url, cwd=BACKEND, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"

    async def wait_for_it() -> float:
        async with coord.locks.hold("a", max_waiting=5):
            return time.monotonic()

    waiting = asyncio.create_task(wait_for_it())
    await asyncio.sleep(2.5)  # longer than the lease: a living holder keeps renewing it
    assert not waiting.done()
    holder.kill()
    await holder.wait()
    killed_at = time.monotonic()
    async with asyncio.timeout(10):
        assert await waiting - killed_at < 6


async def test_a_dead_waiter_does_not_block_those_behind_it(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    first, second, third = await replica(), await replica(), await replica()

    async def wait_behind(coord: RedisCoord) -> None:
        async with coord.locks.hold("a", max_waiting=5):
            pass

    async with first.locks.hold("a", max_waiting=5):
        doomed = asyncio.create_task(wait_behind(second))
        await queue_has(own_redis, 2)
        patient = asyncio.create_task(wait_behind(third))
        await queue_has(own_redis, 3)
        await second.close()  # stops renewing, and leaves its ticket behind
    await asyncio.wait_for(patient, 10)
    doomed.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await doomed


async def test_a_holder_learns_that_its_lease_ran_out(replica: MakeReplica, own_redis: RedisServer) -> None:
    coord = await replica(lease_seconds=0.6)
    async with coord.locks.hold("a", max_waiting=5) as lease:

        async def is_held() -> bool:
            return not lease.is_lost

        await asyncio.sleep(1)
        await until(is_held)  # at once, but on a machine that stood still for longer than the lease
        own_redis.stop()
        await asyncio.sleep(1)
        assert lease.is_lost


async def test_without_redis_the_process_goes_on_alone_and_says_so(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(), await replica()
    own_redis.stop()
    began = time.monotonic()
    async with coord.locks.hold("a", max_waiting=0), asyncio.timeout(5):
        async with other.locks.hold("a", max_waiting=0):
            pass  # the documented trade: two replicas may interleave
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), coord.locks.hold("a", max_waiting=1):
                pass
    assert (await coord.rates.take("a", limit=2, window_seconds=60)).is_allowed
    assert (await coord.rates.take("a", limit=2, window_seconds=60)).is_allowed
    assert not (await coord.rates.take("a", limit=2, window_seconds=60)).is_allowed
    await coord.rates.adjust("a", delta=-1, window_seconds=60)
    async with coord.signals.listen("t") as messages:
        with pytest.raises(CoordUnavailableError):
            await coord.signals.publish("t", b"x")
        assert await asyncio.wait_for(anext(messages), 1) == b"x"
    writer = await coord.logs.open("turn")
    writer.append(b"one")
    await writer.finish(b"two")
    assert await read_all(coord, "turn") == [b"one", b"two"]
    with pytest.raises(CoordUnavailableError):
        await read_all(other, "turn")
    assert time.monotonic() - began < 8  # a dozen calls of which none waits for Redis
    health = await coord.health()
    assert not health.is_healthy
    assert "within this process only" in health.message


async def test_replicas_share_again_when_redis_is_back(replica: MakeReplica, own_redis: RedisServer) -> None:
    coord, other = await replica(), await replica()
    own_redis.stop()
    await is_healthy(coord, healthy=False)
    writer = await coord.logs.open("turn")
    writer.append(b"written while Redis was away")
    own_redis.start()
    for one in (coord, other):
        await is_healthy(one, healthy=True)

    async with coord.locks.hold("a", max_waiting=0):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), other.locks.hold("a", max_waiting=1):
                pass
    assert (await coord.rates.take("a", limit=1, window_seconds=60)).is_allowed
    assert not (await other.rates.take("a", limit=1, window_seconds=60)).is_allowed

    async def hears() -> bool:
        async with other.signals.listen("t") as messages:
            await coord.signals.publish("t", b"x")
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(anext(messages), 0.1) == b"x"
        return False

    await until(hears)
    await writer.finish(b"end")
    assert await asyncio.wait_for(read_all(other, "turn"), 10) == [b"written while Redis was away", b"end"]


async def test_a_redis_that_hangs_costs_a_second_once(replica: MakeReplica, own_redis: RedisServer) -> None:
    coord = await replica()
    own_redis.freeze()
    try:
        began = time.monotonic()
        await coord.rates.take("a", limit=5, window_seconds=60)
        assert time.monotonic() - began < 5
        began = time.monotonic()
        for number in range(20):
            async with coord.locks.hold(f"lock {number}", max_waiting=0):
                await coord.rates.take("a", limit=50, window_seconds=60)
        assert time.monotonic() - began < 5  # forty calls
    finally:
        own_redis.thaw()
    await is_healthy(coord, healthy=True)


async def test_a_lock_released_while_redis_hung_is_free_when_it_goes_on(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(lease_seconds=60), await replica(lease_seconds=60)
    try:
        async with coord.locks.hold("held before", max_waiting=0):
            own_redis.freeze()
        async with coord.locks.hold("held only meanwhile", max_waiting=0):
            pass
    finally:
        own_redis.thaw()
    for one in (coord, other):
        await is_healthy(one, healthy=True)
    for name in ("held before", "held only meanwhile"):
        async with asyncio.timeout(5), other.locks.hold(name, max_waiting=5):
            pass


async def test_those_who_wait_in_redis_go_on_in_order_when_it_dies(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord = await replica(lease_seconds=9)
    order: list[int] = []
    release = asyncio.Event()

    async def work(number: int) -> None:
        async with coord.locks.hold("a", max_waiting=10):
            order.append(number)
            if number == 0:
                await release.wait()

    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(work(number)))
        await queue_has(own_redis, number + 1)
    own_redis.stop()
    await is_healthy(coord, healthy=False)
    assert order == [0]
    release.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert order == [0, 1, 2, 3, 4]


async def test_a_holder_keeps_its_lock_through_a_restart_that_loses_all_data(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(lease_seconds=6), await replica(lease_seconds=6)
    async with coord.locks.hold("a", max_waiting=5) as lease:
        own_redis.restart()
        await queue_has(own_redis, 1)  # the holder is told first
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), other.locks.hold("a", max_waiting=5):
                pass
        assert not lease.is_lost
    async with asyncio.timeout(10), other.locks.hold("a", max_waiting=5):
        pass


async def test_a_portal_that_starts_before_redis_joins_it_later(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    own_redis.stop()
    coord, other = await replica(), await replica()
    assert not (await coord.health()).is_healthy
    async with coord.locks.hold("a", max_waiting=0):
        pass
    own_redis.start()
    for one in (coord, other):
        await is_healthy(one, healthy=True)
    writer = await coord.logs.open("turn")
    await writer.finish(b"end")
    assert await asyncio.wait_for(read_all(other, "turn"), 10) == [b"end"]


async def test_what_is_kept_in_redis_expires(replica: MakeReplica) -> None:
    coord = await replica()
    writer = await coord.logs.open("turn")
    writer.append(b"one")
    async with coord.locks.hold("a", max_waiting=1):
        await coord.rates.take("a", limit=5, window_seconds=60)
        client, keys = coord._link.client, []

        async def are_there() -> bool:
            keys[:] = [key async for key in client.scan_iter("*")]
            return len(keys) == 6

        await until(are_there)
        assert all([await client.ttl(key) > 0 for key in keys])
    await writer.finish(b"end")
    assert 0 < await client.ttl("pp:log:turn") <= 600
    assert 0 < await client.ttl("pp:log-owner:turn") <= 600
