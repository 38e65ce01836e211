"""What quotas promise, held against memory and against a real Redis alike; and what an outage of Redis does to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.coord.base import Coord, Quota
from app.coord.factory import create_coord
from app.coord.local_quotas import LocalQuotas
from app.kit.ids import new_id
from tests.api.auth_portal import ManualClock
from tests.fixtures.redis import RedisServer

pytestmark = pytest.mark.live

KEY, PERSON = Quota("key:1:day", 100), Quota("user:1:month", 1000)


@pytest.fixture(params=["memory", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Coord, Coord]]:
    """Two coordinators that see each other."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    name = new_id()
    coords = [create_coord(url, shared_name=name if not url else new_id()) for _ in range(2)]
    for coord in coords:
        await coord.start()
    yield coords[0], coords[1]
    for coord in coords:
        await coord.close()


async def test_a_hundred_at_once_get_what_there_is_and_no_more(pair: tuple[Coord, Coord]) -> None:
    first, second = pair
    asked = await first.quotas.reserve([KEY, PERSON], 30)
    assert (asked.is_allowed, asked.unknown) == (False, (KEY.name, PERSON.name))
    await first.quotas.tell(KEY.name, 9)
    await first.quotas.tell(PERSON.name, 0)
    decisions = await asyncio.gather(
        *(pair[number % 2].quotas.reserve([KEY, PERSON], 30) for number in range(100))
    )
    taken = [decision for decision in decisions if decision.is_allowed]
    assert len(taken) == 3
    refused = next(decision for decision in decisions if not decision.is_allowed)
    assert (refused.refused, refused.used, refused.reserved) == (KEY.name, 9, 90)
    await second.quotas.settle([KEY.name, PERSON.name], reserved=30, used=4, lease=taken[0].lease)
    assert (await first.quotas.reserve([KEY], 27)).is_allowed
    assert not (await first.quotas.reserve([KEY], 1)).is_allowed
    # what one refused was reserved in none: the person's own quota has the three alone
    assert (await first.quotas.reserve([PERSON], 1000 - 64)).is_allowed
    assert not (await first.quotas.reserve([PERSON], 1)).is_allowed


async def test_the_books_raise_and_never_lower(pair: tuple[Coord, Coord]) -> None:
    first, second = pair
    await first.quotas.tell(KEY.name, 60)
    await second.quotas.tell(KEY.name, 40)
    assert (await second.quotas.reserve([KEY], 41)).used == 60
    await second.quotas.tell(KEY.name, 99)
    assert (await first.quotas.reserve([KEY], 1)).is_allowed
    await first.quotas.settle(["key:of:nobody"], reserved=5, used=5, lease=0)
    assert (await first.quotas.reserve([Quota("key:of:nobody", 9)], 1)).unknown == ("key:of:nobody",)


async def test_large_amounts_stay_exact(pair: tuple[Coord, Coord]) -> None:
    million = 1_000_000 * 10**9
    quota = Quota("user:2:total", million)
    await pair[0].quotas.tell(quota.name, million - 3)
    held = await pair[1].quotas.reserve([quota], 3)
    assert held.is_allowed
    await pair[0].quotas.settle([quota.name], reserved=3, used=2, lease=held.lease)
    assert (await pair[0].quotas.reserve([quota], 2)).used == million - 1
    assert (await pair[0].quotas.reserve([quota], 1)).is_allowed


async def test_a_reservation_that_nobody_settles_comes_free_in_the_end() -> None:
    clock = ManualClock()
    quotas = LocalQuotas(clock)
    await quotas.tell(KEY.name, 0)
    assert (await quotas.reserve([KEY], 100)).is_allowed
    clock.advance(minutes=59)
    assert not (await quotas.reserve([KEY], 1)).is_allowed
    clock.advance(minutes=12)
    assert (await quotas.reserve([KEY], 100)).is_allowed


async def test_without_redis_each_process_counts_alone_and_asks_the_books_again_after(
    own_redis: RedisServer,
) -> None:
    coord = create_coord(own_redis.url, shared_name=new_id())
    await coord.start()
    try:
        await coord.quotas.tell(KEY.name, 10)
        own_redis.stop()
        assert (await coord.quotas.reserve([KEY], 50)).unknown == (KEY.name,)
        await coord.quotas.tell(KEY.name, 40)
        held = await coord.quotas.reserve([KEY], 50)
        assert held.is_allowed and not (await coord.quotas.reserve([KEY], 50)).is_allowed
        await coord.quotas.settle([KEY.name], reserved=50, used=50, lease=held.lease)
        own_redis.start()
        async with asyncio.timeout(5):
            while not (await coord.health()).is_healthy:  # noqa: ASYNC110 - the probe tells nobody
                await asyncio.sleep(0.02)
        assert (await coord.quotas.reserve([KEY], 5)).unknown == (KEY.name,)
        await coord.quotas.tell(KEY.name, 90)
        assert not (await coord.quotas.reserve([KEY], 11)).is_allowed
        assert (await coord.quotas.reserve([KEY], 10)).is_allowed
    finally:
        await coord.close()
