"""Two replicas on one Redis: a change of rights is heard by the other one, and still found within a second without Redis."""

from __future__ import annotations

import asyncio

import pytest

from app.auth.key_cache import FRESH_SECONDS, Found, KeyCache
from app.auth.principal import Principal
from app.coord.factory import create_coord
from app.keys.errors import UnknownKeyError
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.users.tables import User
from tests.fixtures.redis import RedisServer

pytestmark = pytest.mark.live


async def test_a_revoked_key_is_refused_by_the_other_replica(own_redis: RedisServer) -> None:
    is_revoked = False

    async def read() -> Found:
        if is_revoked:
            raise UnknownKeyError
        return Found(Principal(User(id=7), frozenset({"gateway"})), None)

    first = create_coord(own_redis.url, shared_name=new_id())
    second = create_coord(own_redis.url, shared_name=new_id())
    await first.start()
    await second.start()
    here, there = KeyCache(first.signals, SystemClock()), KeyCache(second.signals, SystemClock())
    try:
        async with here.following(), there.following():
            await asyncio.sleep(0.2)  # both have subscribed
            for cache in (here, there):
                assert (await cache.get("hash", read)).user.id == 7
            is_revoked = True
            await here.forget()
            await asyncio.sleep(0.1)
            for cache in (here, there):
                with pytest.raises(UnknownKeyError):
                    await cache.get("hash", read)

            is_revoked = False
            await there.get("hash", read)
            own_redis.kill()
            is_revoked = True
            await here.forget()  # nobody hears it
            await asyncio.sleep(FRESH_SECONDS)
            with pytest.raises(UnknownKeyError):
                await there.get("hash", read)
    finally:
        await first.close()
        await second.close()
