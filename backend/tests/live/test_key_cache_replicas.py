"""Two replicas on one Redis: a change of rights is heard by the other one, and still found within a second without Redis."""

from __future__ import annotations

import asyncio

import pytest

from app.auth.key_cache import FRESH_SECONDS, Found, KeyCache
from app.auth.principal import Principal
from app.coord.factory import create_coord
from app.keys.errors import UnknownKeyError
from app.kit.ids import new_id
from app.users.tables import User
from tests.api.auth_portal import ManualClock
from tests.fixtures.redis import RedisServer

pytestmark = pytest.mark.live


async def test_a_revoked_key_is_refused_by_the_other_replica(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.coord.redis_link.CALL_SECONDS", 60)  # not away because the machine is slow
    is_revoked, reads = False, 0

    async def read() -> Found:
        nonlocal reads
        reads += 1
        if is_revoked:
            raise UnknownKeyError
        return Found(Principal(User(id=7), frozenset({"gateway"})), None)

    first = create_coord(own_redis.url, shared_name=new_id())
    second = create_coord(own_redis.url, shared_name=new_id())
    await first.start()
    await second.start()
    clock = ManualClock()  # nothing is read anew for its age
    here, there = KeyCache(first.signals, clock), KeyCache(second.signals, clock)
    try:
        async with here.following(), there.following():
            async with asyncio.timeout(10):
                while reads < 2:  # until the other one has heard of a change: it has subscribed
                    await there.get("hash", read)
                    await here.forget()
            assert (await here.get("hash", read)).user.id == 7
            is_revoked = True
            await here.forget()
            with pytest.raises(UnknownKeyError):
                await here.get("hash", read)
            async with asyncio.timeout(10):
                with pytest.raises(UnknownKeyError):
                    while True:  # the word is on its way
                        await there.get("hash", read)
                        await asyncio.sleep(0.01)

            is_revoked = False
            await there.get("hash", read)
            own_redis.kill()
            is_revoked = True
            await here.forget()  # nobody hears it
            assert (await there.get("hash", read)).user.id == 7
            clock.advance(seconds=FRESH_SECONDS)
            with pytest.raises(UnknownKeyError):
                await there.get("hash", read)
    finally:
        await first.close()
        await second.close()
