"""Registration and sign-in with a password."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import jwt
import pytest
from sqlalchemy import func, select

from app.config import Settings
from app.users.service import UserService, ensure_first_admin
from app.users.tables import User
from tests.api.auth_portal import EMAIL, PASSWORD, AuthPortal, bearer, code_of, make_key, open_portal


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def test_register_answers_with_the_user(portal: AuthPortal) -> None:
    answer = await portal.client().post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": answer.json()["id"],
        "email": EMAIL,
        "role": "user",
        "must_change_password": False,
        "created_at": "2026-11-21T09:30:00Z",
    }


async def test_login_gives_a_token_with_the_ancestors_claims(portal: AuthPortal) -> None:
    browser = portal.client()
    user = (await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})).json()
    answer = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "token_type": "bearer",
        "expires_in": 3600,
    }
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["user_id"] == user["id"]
    assert claims["exp"] - claims["iat"] == 3600
    assert set(claims) == {"user_id", "sid", "iat", "exp", "jti"}
    me = await browser.get("/api/auth/me", headers=bearer(answer.json()["access_token"]))
    assert me.json() == user


async def test_the_refresh_cookie_is_out_of_reach_for_scripts_and_other_sites(portal: AuthPortal) -> None:
    browser = portal.client()
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    answer = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/api/auth"} <= attributes
    assert "secure" not in attributes  # this portal is served over plain HTTP
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_refresh_cookie_is_secure_behind_https(settings: Settings) -> None:
    behind_https = settings.model_copy(update={"portal_public_url": "https://portal.example.org"})
    async with open_portal(behind_https) as portal:
        browser = portal.client()
        await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
        answer = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
        made = answer.headers["set-cookie"]
        assert made.startswith("__Secure-pp_refresh=")
        assert "; secure" in made.lower()
        token = made.split(";")[0].partition("=")[2]
        # httpx keeps a secure cookie from this address; one that was made before the portal had HTTPS is good once more
        headers = {"cookie": f"pp_refresh={token}", "origin": "https://portal.example.org"}
        renewed = await portal.client().post("/api/auth/refresh", headers=headers)
        assert renewed.status_code == 200
        names = {one.partition("=")[0] for one in renewed.headers.get_list("set-cookie")}
        assert names == {"pp_refresh", "__Secure-pp_refresh"}


async def test_wrong_password_and_unknown_address_get_the_same_answer(portal: AuthPortal) -> None:
    browser = portal.client()
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    wrong = await browser.post("/api/auth/login", json={"email": EMAIL, "password": "wrong" + PASSWORD})
    nobody = await browser.post("/api/auth/login", json={"email": "nobody@example.org", "password": PASSWORD})
    nonsense = await browser.post("/api/auth/login", json={"email": "not an address", "password": PASSWORD})
    for answer in (wrong, nobody, nonsense):
        assert answer.status_code == 401
        assert answer.json()["error"] == wrong.json()["error"]
        assert "set-cookie" not in answer.headers
    assert code_of(wrong) == "invalid_credentials"


@pytest.mark.parametrize("variant", ["ADA@EXAMPLE.ORG", " ada@example.org ", "Ada@Example.Org"])
async def test_an_address_is_one_person_however_it_is_written(portal: AuthPortal, variant: str) -> None:
    browser = portal.client()
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    again = await browser.post("/api/auth/register", json={"email": variant, "password": PASSWORD})
    assert (again.status_code, code_of(again)) == (409, "email_taken")
    login = await browser.post("/api/auth/login", json={"email": variant, "password": PASSWORD})
    assert login.status_code == 200


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Jürgen@München.example", "jürgen@münchen.example"),
        ("ju\u0308rgen@xn--mnchen-3ya.example", "jürgen@münchen.example"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("admin@localhost", "admin@localhost"),
        ("me@studio.local", "me@studio.local"),
        ("o'brien'--@example.org", "o'brien'--@example.org"),
    ],
)
async def test_addresses_of_all_scripts_and_with_sql_metacharacters(
    portal: AuthPortal, typed: str, stored: str
) -> None:
    browser = portal.client()
    answer = await browser.post("/api/auth/register", json={"email": typed, "password": PASSWORD})
    assert answer.json()["email"] == stored
    assert (
        await browser.post("/api/auth/login", json={"email": typed, "password": PASSWORD})
    ).status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "a@b@c",
        "a\x00@example.org",
        "'; DROP TABLE users; --",
        "a@" + "b" * 300 + ".org",
        "x" * 100_000,
        "(local)",
    ],
)
async def test_what_is_no_address_is_a_422(portal: AuthPortal, email: str) -> None:
    browser = portal.client()
    answer = await browser.post("/api/auth/register", json={"email": email, "password": PASSWORD})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_email")
    login = await browser.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert login.status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "12 characters"), ("x" * 10_000, "256 characters"), (EMAIL.upper(), "e-mail address")],
)
async def test_passwords_that_are_refused(portal: AuthPortal, password: str, reason: str) -> None:
    answer = await portal.client().post("/api/auth/register", json={"email": EMAIL, "password": password})
    assert (answer.status_code, code_of(answer)) == (422, "weak_password")
    assert reason in answer.json()["error"]["message"]
    assert password not in answer.text


async def test_a_login_with_a_10k_password_is_just_wrong(portal: AuthPortal) -> None:
    browser = portal.client()
    long = "correct horse " * 18 + "zzzz"  # 256 characters: the longest that may be chosen
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": long})
    assert (await browser.post("/api/auth/login", json={"email": EMAIL, "password": long})).status_code == 200
    for longer in (long + "x", long + "x" * 10_000):
        answer = await browser.post("/api/auth/login", json={"email": EMAIL, "password": longer})
        assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")


async def test_half_a_character_is_named_and_no_bug(portal: AuthPortal) -> None:
    for field in ("email", "password"):
        body = {"email": EMAIL, "password": PASSWORD, field: "\ud800"}
        answer = await portal.client().post(
            "/api/auth/login", content=json.dumps(body), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422 and "half of a character" in answer.text, answer.text


async def test_a_password_is_the_same_however_the_keyboard_composes_it(portal: AuthPortal) -> None:
    browser = portal.client()
    await browser.post(
        "/api/auth/register", json={"email": EMAIL, "password": "gr\u00fcn gr\u00fcn gr\u00fcn"}
    )
    answer = await browser.post(
        "/api/auth/login", json={"email": EMAIL, "password": "gru\u0308n gru\u0308n gru\u0308n"}
    )
    assert answer.status_code == 200


async def test_passwords_are_kept_as_argon2id_only(portal: AuthPortal) -> None:
    await portal.client().post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    async with portal.database.transaction() as session:
        stored = await session.scalar(select(User.password_hash).where(User.email == EMAIL))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_an_older_hash_is_renewed_at_sign_in(portal: AuthPortal) -> None:
    import argon2

    browser = portal.client()
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with portal.database.transaction() as session:
        user = await session.scalar(select(User).where(User.email == EMAIL))
        assert user is not None
        user.password_hash = weaker
    answer = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    async with portal.database.transaction() as session:
        stored = await session.scalar(select(User.password_hash).where(User.email == EMAIL))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_an_unknown_field_is_named(portal: AuthPortal) -> None:
    answer = await portal.client().post(
        "/api/auth/register", json={"email": EMAIL, "password": PASSWORD, "role": "admin"}
    )
    assert answer.status_code == 422
    assert "role" in answer.json()["error"]["message"]
    assert PASSWORD not in answer.text


async def test_config_tells_how_one_gets_in(portal: AuthPortal) -> None:
    browser = portal.client()
    before = (await browser.get("/api/auth/config")).json()
    await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    after = (await browser.get("/api/auth/config")).json()
    assert before == {"registration": "open", "min_password_length": 12, "has_users": False}
    assert after == {**before, "has_users": True}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_closed_registration(settings: Settings) -> None:
    async with open_portal(settings.model_copy(update={"registration": "closed"})) as portal:
        answer = await portal.client().post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, code_of(answer)) == (403, "registration_closed")


async def test_registration_by_invitation_works_once(settings: Settings) -> None:
    async with open_portal(settings.model_copy(update={"registration": "invite"})) as portal:
        users = UserService(portal.database, min_password_length=12, clock=portal.clock)
        code = await users.create_invite(role="operator")
        browser = portal.client()
        person = {"email": EMAIL, "password": PASSWORD}
        without = await browser.post("/api/auth/register", json=person)
        wrong = await browser.post("/api/auth/register", json={**person, "invite": code + "x"})
        good = await browser.post("/api/auth/register", json={**person, "invite": code})
        again = await browser.post(
            "/api/auth/register", json={**person, "email": "eve@example.org", "invite": code}
        )
    assert [answer.status_code for answer in (without, wrong, good, again)] == [403, 403, 200, 403]
    assert good.json()["role"] == "operator"
    assert code_of(again) == "invite_invalid"


async def test_of_many_who_use_one_invitation_at_once_one_gets_in(settings: Settings) -> None:
    async with open_portal(settings.model_copy(update={"registration": "invite"})) as portal:
        users = UserService(portal.database, min_password_length=12, clock=portal.clock)
        code = await users.create_invite()
        people = [{"email": f"u{n}@example.org", "password": PASSWORD, "invite": code} for n in range(6)]
        browser = portal.client()
        answers = await asyncio.gather(
            *(browser.post("/api/auth/register", json=person) for person in people)
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [403] * 5
        async with portal.database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_an_invitation_expires(settings: Settings) -> None:
    async with open_portal(settings.model_copy(update={"registration": "invite"})) as portal:
        users = UserService(portal.database, min_password_length=12, clock=portal.clock)
        code = await users.create_invite()
        portal.clock.advance(days=7)
        answer = await portal.client().post(
            "/api/auth/register", json={"email": EMAIL, "password": PASSWORD, "invite": code}
        )
    assert (answer.status_code, code_of(answer)) == (403, "invite_invalid")


async def test_a_deactivated_person_is_out_at_once(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    key = (await make_key(browser))["key"]
    async with portal.database.transaction() as session:
        user = await session.scalar(select(User).where(User.email == EMAIL))
        assert user is not None
        user.is_active = False
    assert (await browser.get("/api/auth/me")).status_code == 401
    assert (await browser.get("/api/auth/me", headers=bearer(key))).status_code == 401
    assert (await browser.post("/api/auth/refresh")).status_code == 401
    login = await browser.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert login.status_code == 401


async def test_there_is_no_hard_coded_admin(portal: AuthPortal) -> None:
    """The ancestor knew one administrator by name; ours has a random password that must be changed."""
    browser = portal.client()
    await browser.post("/api/auth/register", json={"email": "admin@example.org", "password": PASSWORD})
    assert await ensure_first_admin(portal.database) is None  # somebody is here already: no back door
    login = await browser.post("/api/auth/login", json={"email": "admin@example.org", "password": PASSWORD})
    token = login.json()["access_token"]
    assert (await browser.get("/probe/admin", headers=bearer(token))).status_code == 403
