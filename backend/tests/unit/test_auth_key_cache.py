"""Keys that are kept for a moment: read once for many, forgotten at once, good while the database is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.auth.key_cache import FRESH_SECONDS, STALE_SECONDS, Found, KeyCache
from app.auth.principal import Principal
from app.coord.local_signals import LocalSignals
from app.db.session import DatabaseUnavailableError
from app.errors import PortalError
from app.keys.errors import ExpiredKeyError, UnknownKeyError
from app.users.tables import User


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Keys:
    """The database: what it says of the one key, and how often it was asked."""

    def __init__(self) -> None:
        self.answer: Found | PortalError = Found(Principal(User(id=7), frozenset({"gateway"})), None)
        self.reads = 0
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def __call__(self) -> Found:
        self.reads += 1
        answer = self.answer
        await self.is_open.wait()
        if isinstance(answer, PortalError):
            raise answer
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def cache(clock: Clock) -> KeyCache:
    return KeyCache(LocalSignals(), clock)


async def test_a_burst_reads_a_key_once(cache: KeyCache, keys: Keys, clock: Clock) -> None:
    found = await asyncio.gather(*(cache.get("hash", keys) for _ in range(50)))
    assert {principal.user.id for principal in found} == {7} and keys.reads == 1
    await cache.get("hash", keys)
    await cache.get("another", keys)
    assert keys.reads == 2
    clock.seconds += FRESH_SECONDS
    await cache.get("hash", keys)
    assert keys.reads == 3


async def test_a_key_that_is_not_good_is_asked_for_each_time(cache: KeyCache, keys: Keys) -> None:
    keys.answer = UnknownKeyError()
    for _ in range(2):
        with pytest.raises(UnknownKeyError):
            await cache.get("hash", keys)
    assert keys.reads == 2


async def test_a_change_is_seen_by_the_next_request(cache: KeyCache, keys: Keys) -> None:
    await cache.get("hash", keys)
    keys.answer = UnknownKeyError()
    await cache.forget()
    with pytest.raises(UnknownKeyError):
        await cache.get("hash", keys)


async def test_what_was_read_before_a_change_is_not_kept_after_it(cache: KeyCache, keys: Keys) -> None:
    keys.is_open.clear()
    early = asyncio.create_task(cache.get("hash", keys))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    keys.answer = UnknownKeyError()
    await cache.forget()
    keys.is_open.set()
    assert (await early).user.id == 7
    with pytest.raises(UnknownKeyError):
        await cache.get("hash", keys)


async def test_another_replicas_change_comes_by_signal(keys: Keys, clock: Clock) -> None:
    signals = LocalSignals()
    here, there = KeyCache(signals, clock), KeyCache(signals, clock)
    async with here.following():
        await asyncio.sleep(0)
        await here.get("hash", keys)
        await there.forget()
        async with asyncio.timeout(10):
            while keys.reads < 2:
                await asyncio.sleep(0)
                await here.get("hash", keys)


async def test_the_database_away_leaves_a_known_key_good_for_a_while(
    cache: KeyCache, keys: Keys, clock: Clock
) -> None:
    await cache.get("hash", keys)
    keys.answer = DatabaseUnavailableError()
    clock.seconds += FRESH_SECONDS
    assert (await cache.get("hash", keys)).user.id == 7
    with pytest.raises(DatabaseUnavailableError):
        await cache.get("another", keys)
    clock.seconds += STALE_SECONDS
    with pytest.raises(DatabaseUnavailableError):
        await cache.get("hash", keys)


async def test_a_slow_database_does_not_hold_up_a_known_key(
    cache: KeyCache, keys: Keys, clock: Clock
) -> None:
    await cache.get("hash", keys)
    clock.seconds += FRESH_SECONDS
    keys.is_open.clear()
    assert (await cache.get("hash", keys)).user.id == 7
    keys.is_open.set()


async def test_a_key_that_was_revoked_meanwhile_goes(cache: KeyCache, keys: Keys, clock: Clock) -> None:
    await cache.get("hash", keys)
    keys.answer = UnknownKeyError()
    clock.seconds += FRESH_SECONDS
    with pytest.raises(UnknownKeyError):
        await cache.get("hash", keys)
    keys.answer = DatabaseUnavailableError()
    with pytest.raises(DatabaseUnavailableError):
        await cache.get("hash", keys)


async def test_a_kept_key_ends_when_it_expires(cache: KeyCache, keys: Keys, clock: Clock) -> None:
    assert isinstance(keys.answer, Found)
    keys.answer = Found(keys.answer.principal, clock.now() + timedelta(seconds=0.5))
    await cache.get("hash", keys)
    clock.seconds += 0.5
    with pytest.raises(ExpiredKeyError):
        await cache.get("hash", keys)
    assert keys.reads == 1
