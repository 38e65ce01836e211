"""The life of a sign-in: renewal, reuse, logout, revocation on every replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from app.auth.principal import Client
from app.config import Settings
from tests.api.auth_portal import EMAIL, PASSWORD, AuthPortal, bearer, code_of, open_portal, sign_in

NEW_PASSWORD = "some other plain words"
_NOWHERE = Client()


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def test_refresh_rotates_the_cookie(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    first = browser.cookies["pp_refresh"]
    portal.clock.advance(hours=2)
    assert (await browser.get("/api/auth/me")).status_code == 401
    answer = await browser.post("/api/auth/refresh")
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "user"}
    assert browser.cookies["pp_refresh"] != first
    me = await browser.get("/api/auth/me", headers=bearer(answer.json()["access_token"]))
    assert me.json()["email"] == EMAIL
    assert answer.json()["user"] == me.json()


async def test_reuse_of_a_refresh_token_ends_the_whole_sign_in(
    portal: AuthPortal, caplog: pytest.LogCaptureFixture
) -> None:
    victim = await portal.signed_in()
    stolen = victim.cookies["pp_refresh"]
    renewed = (await victim.post("/api/auth/refresh")).json()["access_token"]
    portal.clock.advance(seconds=11)
    thief = portal.client()
    thief.cookies.set("pp_refresh", stolen, path="/api/auth")
    with caplog.at_level(logging.WARNING):
        answer = await thief.post("/api/auth/refresh")
    assert (answer.status_code, code_of(answer)) == (401, "refresh_refused")
    assert "used twice" in caplog.text
    assert stolen not in caplog.text
    assert (await victim.post("/api/auth/refresh")).status_code == 401
    me = await victim.get("/api/auth/me", headers=bearer(renewed))
    assert (me.status_code, code_of(me)) == (401, "signed_out")


async def test_reuse_of_a_token_from_two_renewals_ago_needs_no_grace(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    oldest = browser.cookies["pp_refresh"]
    await browser.post("/api/auth/refresh")
    await browser.post("/api/auth/refresh")
    thief = portal.client()
    thief.cookies.set("pp_refresh", oldest, path="/api/auth")
    assert (await thief.post("/api/auth/refresh")).status_code == 401
    assert (await browser.post("/api/auth/refresh")).status_code == 401


async def test_two_tabs_that_renew_at_once_both_stay_signed_in(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    cookie = browser.cookies["pp_refresh"]
    tabs = [portal.client() for _ in range(5)]
    for tab in tabs:
        tab.cookies.set("pp_refresh", cookie, path="/api/auth")
    answers = await asyncio.gather(*(tab.post("/api/auth/refresh") for tab in tabs))
    assert [answer.status_code for answer in answers] == [200] * 5
    new_cookies = [answer for answer in answers if "set-cookie" in answer.headers]
    assert len(new_cookies) == 1  # one successor, whoever was first
    for answer in answers:
        me = await portal.client().get("/api/auth/me", headers=bearer(answer.json()["access_token"]))
        assert me.status_code == 200
    portal.clock.advance(seconds=30)
    winner = tabs[answers.index(new_cookies[0])]
    assert (await winner.post("/api/auth/refresh")).status_code == 200


async def test_a_made_up_refresh_token_cannot_sign_anybody_out(portal: AuthPortal) -> None:
    """The id of a sign-in is no secret; only a token that the portal made counts as reused."""
    browser = await portal.signed_in()
    sign_in_id = browser.cookies["pp_refresh"].split(".")[0]
    stranger = portal.client()
    for forged in (f"{sign_in_id}.x.y", f"{sign_in_id}.{'a' * 43}.{'0' * 64}", "x", "..", "ü.ü.ü"):
        answer = await stranger.post(
            "/api/auth/refresh", headers={b"cookie": f"pp_refresh={forged}".encode()}
        )
        assert answer.status_code == 401
        await stranger.post("/api/auth/logout", headers={b"cookie": f"pp_refresh={forged}".encode()})
    assert (await browser.get("/api/auth/me")).status_code == 200


async def test_a_sign_in_ends_when_it_is_not_used(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    portal.clock.advance(days=29)
    assert (await browser.post("/api/auth/refresh")).status_code == 200  # thirty more days
    portal.clock.advance(days=29)
    assert (await browser.post("/api/auth/refresh")).status_code == 200
    portal.clock.advance(days=30)
    assert (await browser.post("/api/auth/refresh")).status_code == 401


async def test_a_sign_in_ends_after_half_a_year_however_much_it_is_used(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    for _ in range(8):
        portal.clock.advance(days=22)
        assert (await browser.post("/api/auth/refresh")).status_code == 200
    portal.clock.advance(days=3)
    assert (await browser.post("/api/auth/refresh")).status_code == 200
    portal.clock.advance(days=1, seconds=1)
    assert (await browser.post("/api/auth/refresh")).status_code == 401


async def test_refresh_without_a_cookie(portal: AuthPortal) -> None:
    answer = await portal.client().post("/api/auth/refresh")
    assert (answer.status_code, code_of(answer)) == (401, "refresh_refused")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://portal.test.evil.example"},
        {"origin": "http://portal.test:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    ],
)
async def test_a_page_of_another_site_cannot_use_the_cookie(
    portal: AuthPortal, path: str, headers: dict[str, str]
) -> None:
    browser = await portal.signed_in()
    before = browser.cookies["pp_refresh"]
    answer = await browser.post(path, headers=headers)
    assert (answer.status_code, code_of(answer)) == (403, "cross_site")
    assert browser.cookies["pp_refresh"] == before
    assert (await browser.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://portal.test"},
        {"origin": "https://portal.test"},  # TLS ends at a proxy
        {"origin": "https://chat.example.org"},  # the public address
        {"origin": "https://app.example.org"},  # listed in CORS_ORIGINS
        {"origin": "https://whatever.example", "sec-fetch-site": "same-origin"},  # a proxy rewrote Host
        {"sec-fetch-site": "none"},
        {},
    ],
)
async def test_the_portals_own_pages_can(settings: Settings, headers: dict[str, str]) -> None:
    known = {"portal_public_url": "https://chat.example.org/", "cors_origins": ["https://app.example.org"]}
    async with open_portal(settings.model_copy(update=known)) as portal:
        browser = await portal.signed_in()
        cookie = next(cookie.value for cookie in browser.cookies.jar)
        answer = await portal.client().post(
            "/api/auth/refresh", headers={**headers, "cookie": f"pp_refresh={cookie}"}
        )
    assert answer.status_code == 200


async def test_logout_is_at_once_on_every_replica(settings: Settings) -> None:
    """open-webui's logout revokes nothing without Redis; ours needs none."""
    async with open_portal(settings) as here, open_portal(settings) as there:
        browser = await here.signed_in()
        token = browser.headers["authorization"]
        elsewhere = there.client(authorization=token)
        assert (await elsewhere.get("/api/auth/me")).status_code == 200
        cookie = browser.cookies["pp_refresh"]
        answer = await browser.post("/api/auth/logout")
        assert answer.json() == {"ok": True}
        assert "pp_refresh" not in browser.cookies
        me = await elsewhere.get("/api/auth/me")
        assert (me.status_code, code_of(me)) == (401, "signed_out")
        elsewhere.cookies.set("pp_refresh", cookie, path="/api/auth")
        assert (await elsewhere.post("/api/auth/refresh")).status_code == 401


async def test_logout_works_with_the_cookie_alone(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    token = browser.headers.pop("authorization")
    portal.clock.advance(minutes=1)
    assert (await browser.post("/api/auth/logout")).status_code == 200
    assert (await browser.get("/api/auth/me", headers={"authorization": token})).status_code == 401


async def test_logout_of_nobody_is_a_401(portal: AuthPortal) -> None:
    answer = await portal.client().post("/api/auth/logout")
    assert (answer.status_code, code_of(answer)) == (401, "not_authenticated")


async def test_logout_leaves_other_devices_signed_in(portal: AuthPortal) -> None:
    laptop = await portal.signed_in()
    phone = await sign_in(portal.client())
    await laptop.post("/api/auth/logout")
    assert (await laptop.get("/api/auth/me")).status_code == 401
    assert (await phone.get("/api/auth/me")).status_code == 200


async def test_a_new_password_ends_every_other_sign_in(settings: Settings) -> None:
    async with open_portal(settings) as here, open_portal(settings) as there:
        laptop = await here.signed_in()
        phone = await sign_in(there.client())
        answer = await laptop.post(
            "/api/auth/change-password",
            json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        )
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert (await phone.get("/api/auth/me")).status_code == 401
        assert (await phone.post("/api/auth/refresh")).status_code == 401
        me = await laptop.get("/api/auth/me", headers=bearer(answer.json()["access_token"]))
        assert me.status_code == 200
        assert (await laptop.post("/api/auth/refresh")).status_code == 200
        old = await phone.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
        assert old.status_code == 401
        await sign_in(phone, password=NEW_PASSWORD)


async def test_the_list_of_sign_ins(portal: AuthPortal) -> None:
    laptop = portal.client("192.0.2.7", **{"user-agent": "Laptop/1.0"})
    await laptop.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    await sign_in(laptop)
    portal.clock.advance(minutes=5)
    phone = await sign_in(portal.client("2001:db8::1", **{"user-agent": "P" * 5000}))
    items = (await phone.get("/api/auth/sessions")).json()["items"]
    assert [(item["ip"], item["is_current"]) for item in items] == [
        ("2001:db8::1", True),
        ("192.0.2.7", False),
    ]
    assert items[0]["user_agent"] == "P" * 255
    assert items[1] == {
        "id": items[1]["id"],
        "created_at": "2026-11-21T09:30:00Z",
        "last_used_at": "2026-11-21T09:30:00Z",
        "user_agent": "Laptop/1.0",
        "ip": "192.0.2.7",
        "is_current": False,
    }
    assert (await phone.delete(f"/api/auth/sessions/{items[1]['id']}")).json() == {"ok": True}
    assert (await laptop.get("/api/auth/me")).status_code == 401
    assert len((await phone.get("/api/auth/sessions")).json()["items"]) == 1


async def test_the_time_of_last_use_is_noted_once_a_minute(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    portal.clock.advance(seconds=59)
    await browser.get("/api/auth/me")
    seen = [(await browser.get("/api/auth/sessions")).json()["items"][0]["last_used_at"]]
    portal.clock.advance(seconds=1)
    await browser.get("/api/auth/me")
    seen.append((await browser.get("/api/auth/sessions")).json()["items"][0]["last_used_at"])
    assert seen == ["2026-11-21T09:30:00Z", "2026-11-21T09:31:00Z"]


@pytest.mark.parametrize("sign_in_id", ["x", "0" * 32, "%00", "' OR 1=1 --", "a" * 5000])
async def test_an_unknown_sign_in_is_a_404(portal: AuthPortal, sign_in_id: str) -> None:
    browser = await portal.signed_in()
    answer = await browser.delete(f"/api/auth/sessions/{sign_in_id}")
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


async def test_sign_ins_are_bounded(portal: AuthPortal) -> None:
    from app.auth.service import MAX_SIGN_INS

    browser = await portal.signed_in()
    runtime = portal.app.state.auth_runtime
    user = await runtime.users.authenticate(EMAIL, PASSWORD)
    for _ in range(MAX_SIGN_INS + 5):
        portal.clock.advance(seconds=1)
        await runtime.auth._open(user, _NOWHERE)
    browser = await sign_in(portal.client())
    items = (await browser.get("/api/auth/sessions")).json()["items"]
    assert len(items) == MAX_SIGN_INS
    assert items[0]["is_current"]
