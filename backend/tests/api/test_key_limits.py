"""The limits of API keys: requests and tokens a minute, and how many keys one has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from app.config import Settings
from app.coord.base import RateDecision
from app.coord.factory import create_coord
from app.keys.repository import KeyRepository
from app.limits.errors import RateLimitError
from app.limits.rates import RateLimits
from app.limits.subjects import Subject
from tests.api.auth_portal import AuthPortal, bearer, code_of, make_key, open_portal
from tests.fixtures.redis import RedisServer


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_burst_of_requests_notes_its_use_once(
    portal: AuthPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await portal.signed_in()
    key = (await make_key(browser))["key"]
    noted = []
    real = KeyRepository.touch

    async def counting(self: KeyRepository, key_id: str, now: datetime) -> None:
        noted.append(key_id)
        await real(self, key_id, now)

    monkeypatch.setattr(KeyRepository, "touch", counting)
    answers = await asyncio.gather(*(browser.get("/probe/chat", headers=bearer(key)) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(noted) < 10


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_number_of_keys_is_bounded(portal: AuthPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.keys.service.MAX_KEYS_PER_USER", 2)
    browser = await portal.signed_in()
    first = await make_key(browser)
    await make_key(browser)
    answer = await browser.post("/api/keys", json={"name": "one too many"})
    assert (answer.status_code, code_of(answer)) == (409, "too_many_keys")
    await browser.delete(f"/api/keys/{first['id']}")
    await make_key(browser)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("is_shared", [False, True], ids=["memory", "redis"])
async def test_requests_a_minute_hold_under_a_burst(
    settings: Settings, is_shared: bool, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis_url") if is_shared else ""
    shared = settings.model_copy(update={"redis_url": url})
    async with open_portal(shared) as here, open_portal(shared) as there:
        browser = await here.signed_in()
        key = (await make_key(browser, requests_per_minute=5))["key"]
        clients = [portal.client(**bearer(key)) for portal in (here, there)]
        answers = await asyncio.gather(*(clients[i % 2].post("/probe/model") for i in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 15
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert code_of(refused) == "rate_limited"
        assert 1 <= int(refused.headers["retry-after"]) <= 63
        # the person at the page, and the key's other routes, are not held up by it
        assert (await browser.post("/probe/model")).status_code == 200
        assert (await clients[0].get("/probe/chat")).status_code == 200


@pytest.mark.parametrize("is_shared", [False, True], ids=["memory", "redis"])
async def test_tokens_are_reserved_and_settled(
    is_shared: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("redis_url") if is_shared else ""
    coord = create_coord(url, shared_name=str(tmp_path))
    await coord.start()
    limits = RateLimits(coord.rates)
    key = (Subject("key", "k" * 32, tokens_per_minute=1000),)
    try:
        reserved = await asyncio.gather(
            *(limits.take_tokens(key, 400) for _ in range(10)), return_exceptions=True
        )
        assert (
            sum(isinstance(result, RateDecision) for result in reserved) == 2
        )  # ten requests against a budget for two
        with pytest.raises(RateLimitError) as caught:
            await limits.take_tokens(key, 201)
        assert caught.value.retry_after_seconds is not None
        await limits.settle_tokens(key, reserved=400, used=100)
        assert limits.settle_tokens_now(key, reserved=400, used=0) is not is_shared
        if is_shared:
            await limits.settle_tokens(key, reserved=400, used=0)
        await limits.take_tokens(key, 900)
        with pytest.raises(RateLimitError):
            await limits.take_tokens(key, 1)
        with pytest.raises(RateLimitError) as hopeless:
            await limits.take_tokens(key, 1001)
        assert "max_tokens" in hopeless.value.message
        await limits.take_tokens((), 10**9)  # a person at the page
    finally:
        await coord.close()


async def test_limits_hold_within_the_process_when_the_shared_store_is_away(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    coord = create_coord(own_redis.url, shared_name=str(tmp_path))
    await coord.start()
    limits = RateLimits(coord.rates)
    limited = (Subject("key", "k" * 32, 5, 1000),)
    unlimited = (Subject("key", "u" * 32),)
    try:
        own_redis.stop()
        for _ in range(5):
            await limits.take_request(limited)
        with pytest.raises(RateLimitError):
            await limits.take_request(limited)
        await limits.take_tokens(limited, 1000)
        with pytest.raises(RateLimitError):
            await limits.take_tokens(limited, 1)
        await limits.take_request(unlimited)
        await limits.settle_tokens(limited, reserved=5, used=1)
    finally:
        await coord.close()
