"""The first administrator, one-time passwords, the local user, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from app.auth.service import reset_to_one_time_password
from app.auth.tables import SignIn
from app.config import Settings
from app.keys.tables import ApiKey
from app.users.errors import EmailTakenError, InvalidEmailError, NoSuchUserError
from app.users.service import (
    UserService,
    create_with_one_time_password,
    ensure_first_admin,
    ensure_local_user,
)
from app.users.tables import User
from tests.api.auth_portal import (
    EMAIL,
    PASSWORD,
    AuthPortal,
    bearer,
    code_of,
    make_key,
    open_portal,
    sign_in,
)


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def test_the_first_admin_gets_a_random_one_time_password(portal: AuthPortal) -> None:
    made = await ensure_first_admin(portal.database)
    assert made is not None
    email, password = made
    assert email == "admin@localhost"
    assert len(password) >= portal.settings.password_min_length
    assert await ensure_first_admin(portal.database) is None
    browser = await sign_in(portal.client(), email, password)
    me = (await browser.get("/api/auth/me")).json()
    assert (me["role"], me["must_change_password"]) == ("admin", True)


async def test_replicas_that_start_together_make_one_first_admin(settings: Settings) -> None:
    async with open_portal(settings) as one, open_portal(settings) as two:
        made = await asyncio.gather(*(ensure_first_admin(portal.database) for portal in (one, two, one, two)))
        assert len([admin for admin in made if admin is not None]) == 1
        async with one.database.transaction() as session:
            assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_a_one_time_password_opens_nothing_but_its_own_change(portal: AuthPortal) -> None:
    made = await ensure_first_admin(portal.database)
    assert made is not None
    browser = await sign_in(portal.client(), *made)
    for method, path in [
        ("GET", "/probe/any"),
        ("GET", "/probe/chat"),
        ("POST", "/probe/model"),
        ("GET", "/probe/admin"),
        ("GET", "/api/keys"),
        ("POST", "/api/keys"),
        ("GET", "/api/auth/sessions"),
        ("DELETE", "/api/auth/account"),
    ]:
        answer = await browser.request(method, path, json={"name": "x", "password": made[1]})
        assert (path, answer.status_code) == (path, 403)
        assert code_of(answer) == "password_change_required"
    assert (await browser.get("/api/auth/me")).status_code == 200
    assert (await browser.post("/api/auth/refresh")).status_code == 200
    same = await browser.post(
        "/api/auth/change-password", json={"current_password": made[1], "new_password": made[1]}
    )
    assert (same.status_code, code_of(same)) == (422, "weak_password")
    changed = await browser.post(
        "/api/auth/change-password", json={"current_password": made[1], "new_password": PASSWORD}
    )
    fresh = bearer(changed.json()["access_token"])
    assert (await browser.get("/probe/admin", headers=fresh)).status_code == 200
    assert (await browser.get("/api/auth/me", headers=fresh)).json()["must_change_password"] is False


async def test_a_new_password_follows_the_rules(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    for new in ("short", "x" * 10_000, EMAIL):
        answer = await browser.post(
            "/api/auth/change-password", json={"current_password": PASSWORD, "new_password": new}
        )
        assert (answer.status_code, code_of(answer)) == (422, "weak_password")
    assert (await browser.get("/api/auth/me")).status_code == 200
    await sign_in(portal.client())


async def test_the_local_user_owns_scripts_sessions_and_cannot_sign_in(portal: AuthPortal) -> None:
    ids = await asyncio.gather(*(ensure_local_user(portal.database) for _ in range(4)))
    assert len(set(ids)) == 1
    browser = portal.client()
    config = (await browser.get("/api/auth/config")).json()
    assert config["has_users"] is False  # nobody lives here yet
    for password in ("!", "", PASSWORD):
        answer = await browser.post("/api/auth/login", json={"email": "(local)", "password": password})
        assert answer.status_code == 401
    assert await ensure_first_admin(portal.database) is not None  # the local user is nobody


async def test_deleting_the_account_takes_everything_along(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    other = await portal.signed_in("eve@example.org")
    key = (await make_key(browser))["key"]
    other_key = (await make_key(other))["key"]
    answer = await browser.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert answer.json() == {"ok": True}
    assert (await browser.get("/api/auth/me")).status_code == 401
    assert (await browser.get("/api/auth/me", headers=bearer(key))).status_code == 401
    assert (await other.get("/api/auth/me")).status_code == 200
    assert (await other.get("/api/auth/me", headers=bearer(other_key))).status_code == 200
    async with portal.database.transaction() as session:
        for table in (User, SignIn, ApiKey):
            assert await session.scalar(select(func.count()).select_from(table)) == 1
    login = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert login.status_code == 401


async def test_a_user_id_is_never_given_twice(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    old = (await browser.get("/api/auth/me")).json()["id"]
    await browser.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    again = await portal.signed_in()
    assert (await again.get("/api/auth/me")).json()["id"] > old


async def test_deleting_needs_the_password(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    answer = await browser.request("DELETE", "/api/auth/account", json={"password": "wrong"})
    assert (answer.status_code, code_of(answer)) == (403, "wrong_password")
    assert (await browser.get("/api/auth/me")).status_code == 200


async def test_the_only_administrator_cannot_leave(portal: AuthPortal) -> None:
    users = UserService(portal.database, min_password_length=12)
    await users.create(EMAIL, PASSWORD, role="admin")
    browser = await sign_in(portal.client())
    answer = await browser.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert (answer.status_code, code_of(answer)) == (409, "last_admin")
    await users.create("second@example.org", PASSWORD, role="admin")
    answer = await browser.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert answer.status_code == 200


async def test_an_administrator_at_the_terminal_gives_one_time_passwords(portal: AuthPortal) -> None:
    password = await create_with_one_time_password(portal.database, "Grace@Example.org", "operator")
    with pytest.raises(EmailTakenError):
        await create_with_one_time_password(portal.database, "grace@example.org", "user")
    browser = await sign_in(portal.client(), "grace@example.org", password)
    me = (await browser.get("/api/auth/me")).json()
    assert (me["role"], me["must_change_password"]) == ("operator", True)

    renewed = await reset_to_one_time_password(portal.database, "GRACE@example.org")
    assert (await browser.get("/api/auth/me")).status_code == 401  # a lost laptop is out
    assert (await browser.post("/api/auth/refresh")).status_code == 401
    old = await browser.post("/api/auth/login", json={"email": "grace@example.org", "password": password})
    assert old.status_code == 401
    await sign_in(browser, "grace@example.org", renewed)
    assert (await browser.get("/probe/any")).status_code == 403


async def test_resetting_the_password_of_nobody(portal: AuthPortal) -> None:
    await ensure_local_user(portal.database)
    with pytest.raises(NoSuchUserError, match=r"nobody@example\.org"):
        await reset_to_one_time_password(portal.database, "nobody@example.org")
    for never in ("(local)", "not an address"):
        with pytest.raises(InvalidEmailError):
            await reset_to_one_time_password(portal.database, never)


async def test_no_password_or_token_reaches_the_log(
    portal: AuthPortal, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-6f1b9c-password"
    with caplog.at_level("DEBUG"):
        browser = await portal.signed_in(password=canary)
        await browser.post("/api/auth/login", json={"email": EMAIL, "password": canary + "wrong"})
        await browser.post("/api/auth/login", json={"email": EMAIL, "passwort": canary})
        key = (await make_key(browser))["key"]
        await browser.get("/api/auth/me", headers=bearer(key))
        await browser.get("/api/auth/me", headers=bearer(key + "x"))
        cookie = browser.cookies["pp_refresh"]
        token = str(browser.headers["authorization"]).removeprefix("Bearer ")
        await browser.post("/api/auth/refresh")
        await browser.post("/api/auth/logout")
    assert caplog.records
    for secret in (canary, key, cookie, token):
        assert secret not in caplog.text
