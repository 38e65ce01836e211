"""Guessing passwords is slow, for every door that takes one, and over all replicas."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.auth.throttle import ATTEMPTS_PER_PAIR
from app.config import Settings
from tests.api.auth_portal import EMAIL, PASSWORD, AuthPortal, code_of, open_portal, sign_in


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def _guess(browser: httpx.AsyncClient, email: str = EMAIL) -> httpx.Response:
    return await browser.post("/api/auth/login", json={"email": email, "password": "not it at all"})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_eleventh_guess_is_not_looked_at(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    statuses = [(await _guess(browser)).status_code for _ in range(ATTEMPTS_PER_PAIR + 1)]
    assert statuses == [401] * ATTEMPTS_PER_PAIR + [429]
    right = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert (right.status_code, code_of(right)) == (429, "too_many_attempts")
    assert 0 < int(right.headers["retry-after"]) <= 945
    upper = await _guess(browser, f" {EMAIL.upper()} ")
    assert upper.status_code == 429  # the same person, written otherwise


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_person_is_not_locked_out_by_a_guesser_elsewhere(portal: AuthPortal) -> None:
    await portal.signed_in()
    guesser = portal.client("198.51.100.1")
    for _ in range(ATTEMPTS_PER_PAIR + 1):
        last = await _guess(guesser)
    assert last.status_code == 429
    await sign_in(portal.client("192.0.2.1"))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_guessing_one_address_from_many_places(
    portal: AuthPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.throttle.ATTEMPTS_PER_EMAIL", 15)
    places = [portal.client(f"198.51.100.{place}") for place in range(10)]
    statuses = [(await _guess(places[number % 10])).status_code for number in range(16)]
    assert statuses == [401] * 15 + [429]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_guessing_many_addresses_from_one_network(
    portal: AuthPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.throttle.ATTEMPTS_PER_ADDRESS", 15)
    browsers = [portal.client(f"2001:db8:0:1::{number + 1:x}") for number in range(5)]  # one /64
    statuses = [
        (await _guess(browsers[number % 5], f"user{number}@example.org")).status_code for number in range(16)
    ]
    assert statuses == [401] * 15 + [429]
    assert (await _guess(portal.client("2001:db8:0:2::1"), "other@example.org")).status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_signing_in_rightly_costs_nothing(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    for _ in range(ATTEMPTS_PER_PAIR * 2):
        await sign_in(browser)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_attempts_are_counted_over_all_replicas(settings: Settings, redis_url: str) -> None:
    shared = settings.model_copy(update={"redis_url": redis_url})
    async with open_portal(shared) as here, open_portal(shared) as there:
        for _ in range(ATTEMPTS_PER_PAIR // 2):
            await _guess(here.client())
            await _guess(there.client())
        assert (await _guess(here.client())).status_code == 429
        assert (await _guess(there.client())).status_code == 429


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/auth/change-password", {"current_password": "wrong", "new_password": "n" * 12}),
        ("DELETE", "/api/auth/account", {"password": "wrong"}),
    ],
)
async def test_a_stolen_sign_in_cannot_guess_the_password(
    portal: AuthPortal, method: str, path: str, body: dict[str, str]
) -> None:
    browser = await portal.signed_in()
    answers = [await browser.request(method, path, json=body) for _ in range(ATTEMPTS_PER_PAIR + 1)]
    assert [answer.status_code for answer in answers] == [403] * ATTEMPTS_PER_PAIR + [429]
    assert code_of(answers[0]) == "wrong_password"
    assert (await browser.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_registrations_from_one_address_are_bounded(
    portal: AuthPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.throttle.REGISTRATIONS_PER_ADDRESS", 3)
    browser = portal.client()
    statuses = []
    for number in range(4):
        person = {"email": f"u{number}@example.org", "password": PASSWORD}
        statuses.append((await browser.post("/api/auth/register", json=person)).status_code)
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_burst_of_guesses_does_not_pass_the_limit(portal: AuthPortal) -> None:
    import asyncio

    browser = portal.client()
    answers = await asyncio.gather(*(_guess(browser) for _ in range(ATTEMPTS_PER_PAIR * 3)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * ATTEMPTS_PER_PAIR + [429] * (ATTEMPTS_PER_PAIR * 2)
