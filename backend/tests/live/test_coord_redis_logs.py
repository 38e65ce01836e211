"""Logs over Redis when things break: Redis stops or forgets, a writer is killed."""

from __future__ import annotations

import asyncio

import pytest
import redis

from app.coord.base import CoordUnavailableError, LogNotFoundError
from tests.fixtures.redis import RedisServer
from tests.fixtures.replicas import MakeReplica, is_healthy, read_all, replicas_on

pytestmark = pytest.mark.live


async def test_a_reader_elsewhere_gets_every_byte_of_a_log_across_a_restart(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(), await replica()
    writer = await coord.logs.open("turn")
    expected = [b"event %d" % number for number in range(1, 61)]
    for data in expected[:20]:
        writer.append(data)
    reading = asyncio.create_task(read_all(other, "turn"))
    await asyncio.sleep(0.2)
    own_redis.stop()
    for data in expected[20:40]:
        writer.append(data)
    await asyncio.sleep(0.7)
    own_redis.start()
    for data in expected[40:]:
        writer.append(data)
        await asyncio.sleep(0.01)
    for one in (coord, other):
        await is_healthy(one, healthy=True)
    await writer.finish(b"end")
    assert await asyncio.wait_for(reading, 10) == [*expected, b"end"]
    assert await asyncio.wait_for(read_all(other, "turn", after=30), 10) == [*expected[30:], b"end"]


@pytest.mark.parametrize("is_emptied", [True, False])
async def test_a_log_that_ends_before_anyone_noticed_that_redis_lost_it_is_whole_again(
    replica: MakeReplica, own_redis: RedisServer, is_emptied: bool
) -> None:
    coord, other = await replica(), await replica()
    writer = await coord.logs.open("turn")
    expected = [b"event %d" % number for number in range(1, 21)]
    for data in expected:
        writer.append(data)
        await asyncio.sleep(0.02)
    with redis.Redis(port=own_redis.port) as client:  # as after a restart, but that no connection breaks
        newest = client.xrevrange("pp:log:turn", count=5)
        client.flushall() if is_emptied else client.xdel("pp:log:turn", *[entry[0] for entry in newest])
    await writer.finish(b"end")
    read = await asyncio.wait_for(read_all(other, "turn"), 10)
    assert read == [*expected, b"end"]


async def test_a_log_that_redis_lost_with_its_writer_ends_for_its_readers(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(), await replica()
    writer = await coord.logs.open("turn")
    writer.append(b"one")
    reading = asyncio.create_task(read_all(other, "turn"))
    await asyncio.sleep(0.3)
    await coord.close()
    own_redis.restart()
    with pytest.raises(LogNotFoundError):
        await asyncio.wait_for(reading, 15)


async def test_a_log_whose_writer_was_killed_ends_for_its_readers_elsewhere(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(), await replica()
    writer = await coord.logs.open("turn")
    writer.append(b"one")
    reading = asyncio.create_task(read_all(other, "turn"))
    await asyncio.sleep(0.3)
    await coord.close()  # as a killed process: its presence runs out, its log stays without an end
    with pytest.raises(LogNotFoundError):
        await asyncio.wait_for(reading, 30)


async def test_readers_elsewhere_are_let_go_when_redis_stays_away(
    replica: MakeReplica, own_redis: RedisServer
) -> None:
    coord, other = await replica(), await replica()
    writer = await coord.logs.open("turn")
    writer.append(b"one")
    reading = asyncio.create_task(read_all(other, "turn"))
    await asyncio.sleep(0.3)
    own_redis.stop()
    with pytest.raises(CoordUnavailableError):
        await asyncio.wait_for(reading, 10)


async def test_two_hundred_readers_of_other_replicas_logs_need_few_connections(
    redis_server: RedisServer, redis_url: str
) -> None:
    async with replicas_on(redis_server) as replica:
        coord, other = await replica(), await replica()
        writers = [await coord.logs.open(f"turn {number}") for number in range(200)]
        readers = [asyncio.create_task(read_all(other, f"turn {number}")) for number in range(200)]
        for piece in range(5):
            for writer in writers:
                writer.append(b"piece %d" % piece)
            await asyncio.sleep(0.05)
        connected = await other._link.client.client_list()
        await asyncio.gather(*(writer.finish(b"end") for writer in writers))
        texts = await asyncio.wait_for(asyncio.gather(*readers), 60)
    assert texts == [[b"piece 0", b"piece 1", b"piece 2", b"piece 3", b"piece 4", b"end"]] * 200
    assert len(connected) <= 40  # both replicas together
