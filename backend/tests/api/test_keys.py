"""API keys: shown once, hashed at rest, limited, and never able to make a stronger one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from app.config import Settings
from app.db.session import DatabaseUnavailableError
from app.keys.repository import KeyRepository
from app.keys.tables import ApiKey
from app.users.service import UserService
from app.users.tables import User
from tests.api.auth_portal import EMAIL, PASSWORD, AuthPortal, bearer, code_of, make_key, open_portal, sign_in


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def test_a_key_is_shown_once_and_never_stored(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    made = await make_key(browser)
    secret = made.pop("key")
    assert secret.startswith(made["prefix"])
    assert made == {
        "id": made["id"],
        "name": "a game",
        "prefix": secret[:9],
        "scopes": ["chat", "gateway"],
        "allowed_models": None,
        "expires_at": None,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "budget": None,
        "created_at": "2026-11-21T09:30:00Z",
        "last_used_at": None,
    }
    listed = await browser.get("/api/keys")
    assert listed.json() == {"items": [made]}
    assert secret not in listed.text
    async with portal.database.transaction() as session:
        rows = (await session.execute(text("SELECT * FROM api_keys"))).all()
    assert secret not in repr(rows)
    assert secret[9:] not in repr(rows)


async def test_a_key_is_its_owner(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    made = await make_key(browser)
    program = portal.client(**bearer(made["key"]))
    me = (await program.get("/api/auth/me")).json()
    assert me == (await browser.get("/api/auth/me")).json()
    assert (await program.get("/probe/any")).json() == {"user_id": me["id"], "key_id": made["id"]}


async def test_a_key_never_manages_keys_or_the_account(portal: AuthPortal) -> None:
    """So that no key can mint a stronger one; not even one with every scope."""
    await UserService(portal.database, min_password_length=12).create(EMAIL, PASSWORD, role="admin")
    browser = await sign_in(portal.client())
    made = await make_key(browser, scopes=["chat", "gateway", "devices", "admin"])
    program = portal.client(**bearer(made["key"]))
    new = "n" * 20
    for method, path, body in [
        ("GET", "/api/keys", None),
        ("POST", "/api/keys", {"name": "stronger", "scopes": ["admin"]}),
        ("DELETE", f"/api/keys/{made['id']}", None),
        ("GET", "/api/auth/sessions", None),
        ("DELETE", f"/api/auth/sessions/{made['id']}", None),
        ("POST", "/api/auth/change-password", {"current_password": PASSWORD, "new_password": new}),
        ("DELETE", "/api/auth/account", {"password": PASSWORD}),
    ]:
        answer = await program.request(method, path, json=body)
        assert (method, path, answer.status_code, code_of(answer)) == (method, path, 403, "sign_in_required")
    assert len((await browser.get("/api/keys")).json()["items"]) == 1


async def test_scopes_are_kept_apart(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    for scopes, status in ((["chat"], 200), (["gateway", "devices"], 403), (["chat", "gateway"], 200)):
        made = await make_key(browser, scopes=scopes)
        assert made["scopes"] == sorted(scopes)
        answer = await browser.get("/probe/chat", headers=bearer(made["key"]))
        assert answer.status_code == status
        if status == 403:
            assert code_of(answer) == "missing_scope"
            assert answer.json()["error"]["details"] == {"scope": "chat"}


async def test_only_administrators_make_admin_keys(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    refused = await browser.post("/api/keys", json={"name": "x", "scopes": ["admin"]})
    assert (refused.status_code, code_of(refused)) == (403, "scope_not_allowed")
    users = UserService(portal.database, min_password_length=12)
    await users.create("root@example.org", PASSWORD, role="admin")
    admin = await sign_in(portal.client(), "root@example.org")
    admin_key = (await make_key(admin, scopes=["admin"]))["key"]
    chat_key = (await make_key(admin, scopes=["chat"]))["key"]
    for path in ("/probe/admin", "/probe/admin-scope"):
        assert (await browser.get(path, headers=bearer(admin_key))).status_code == 200
        assert (await browser.get(path, headers=bearer(chat_key))).status_code == 403
        assert (await browser.get(path)).status_code == 403
        assert (await admin.get(path)).status_code == 200
    assert (await browser.get("/probe/chat", headers=bearer(admin_key))).status_code == 403


async def test_a_demoted_administrators_key_is_demoted_too(portal: AuthPortal) -> None:
    await UserService(portal.database, min_password_length=12).create(EMAIL, PASSWORD, role="admin")
    browser = await sign_in(portal.client())
    key = (await make_key(browser, scopes=["admin", "chat"]))["key"]
    async with portal.database.transaction() as session:
        user = await session.scalar(select(User).where(User.email == EMAIL))
        assert user is not None
        user.role = "user"
    program = portal.client(**bearer(key))
    for path in ("/probe/admin", "/probe/admin-scope"):
        assert (await program.get(path)).status_code == 403
    assert (await program.get("/probe/chat")).status_code == 200


async def test_a_deleted_key_is_dead_at_once_on_every_replica(settings: Settings) -> None:
    async with open_portal(settings) as here, open_portal(settings) as there:
        browser = await here.signed_in()
        made = await make_key(browser)
        program = there.client(**bearer(made["key"]))
        assert (await program.get("/probe/chat")).status_code == 200
        assert (await browser.delete(f"/api/keys/{made['id']}")).json() == {"ok": True}
        answer = await program.get("/probe/chat")
        assert (answer.status_code, code_of(answer)) == (401, "invalid_key")
        assert (await browser.get("/api/keys")).json() == {"items": []}
        assert (await browser.delete(f"/api/keys/{made['id']}")).status_code == 404


async def test_an_expired_key(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    made = await make_key(browser, expires_at="2026-11-21T10:00:00+00:00")
    assert made["expires_at"] == "2026-11-21T10:00:00Z"
    portal.clock.advance(minutes=29, seconds=59)
    assert (await browser.get("/probe/chat", headers=bearer(made["key"]))).status_code == 200
    portal.clock.advance(seconds=1)
    answer = await browser.get("/probe/chat", headers=bearer(made["key"]))
    assert (answer.status_code, code_of(answer)) == (401, "key_expired")


@pytest.mark.parametrize("credential", ["pp_' OR '1'='1' --", "pp_%", "pp_" + "_" * 43, "pp_" + "%" * 43])
async def test_sql_metacharacters_in_a_key_find_nothing(portal: AuthPortal, credential: str) -> None:
    """LiteLLM's key check was open to SQL injection (CVE-2026-42208)."""
    await make_key(await portal.signed_in())
    answer = await portal.client().get("/api/auth/me", headers=bearer(credential))
    assert (answer.status_code, code_of(answer)) == (401, "invalid_key")


async def test_keys_that_share_a_beginning_are_different_keys(portal: AuthPortal) -> None:
    """LiteLLM cached identities by the first 20 characters of a token (CVE-2026-35030)."""
    key = (await make_key(await portal.signed_in()))["key"]
    other_end = "a" if key[-1] != "a" else "b"
    for forged in (key[:-1] + other_end, key[:23] + "A" * 23, key + "a", key[:-1]):
        assert (await portal.client().get("/api/auth/me", headers=bearer(forged))).status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes"),
        ({"allowed_models": []}, "allowed_models"),
        ({"allowed_models": ["a\x00b"]}, "allowed_models"),
        ({"allowed_models": ["m"] * 101}, "allowed_models"),
        ({"expires_at": "2026-11-21T09:30:00Z"}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": 10**12}, "requests_per_minute"),
        ({"tokens_per_minute": -1}, "tokens_per_minute"),
        ({"key": "pp_mine"}, "key"),
        ({"user_id": 1}, "user_id"),
    ],
)
async def test_wishes_that_are_refused(portal: AuthPortal, wish: dict[str, Any], field: str) -> None:
    browser = await portal.signed_in()
    answer = await browser.post("/api/keys", json={"name": "x", **wish})
    assert answer.status_code == 422
    assert field in answer.json()["error"]["message"]
    assert (await browser.get("/api/keys")).json() == {"items": []}


async def test_names_of_all_scripts(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    for name in ("迷宫 🎮", "Robert'); DROP TABLE api_keys;--", "é" * 100):
        assert (await make_key(browser, name=name))["name"] == name
    assert len((await browser.get("/api/keys")).json()["items"]) == 3


async def test_allowed_models_reach_the_engine(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    key = (await make_key(browser, allowed_models=["small", "中文/模型"]))["key"]
    answer = await browser.get("/probe/chat", headers=bearer(key))
    assert answer.json() == {"allowed_models": ["small", "中文/模型"]}


async def test_the_time_of_last_use_is_written_once_a_minute(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    made = await make_key(browser)
    seen = []
    for seconds in (0, 59, 1):
        portal.clock.advance(seconds=seconds)
        await browser.get("/probe/chat", headers=bearer(made["key"]))
        async with portal.database.transaction() as session:
            seen.append(await session.scalar(select(ApiKey.last_used_at)))
    first, second, third = seen
    assert first is not None
    assert third is not None
    assert second == first
    assert (third - first).total_seconds() == 60


async def test_a_database_that_cannot_be_written_still_lets_callers_in(
    portal: AuthPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await portal.signed_in()
    key = (await make_key(browser))["key"]

    async def refuse(self: KeyRepository, key_id: str, now: datetime) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(KeyRepository, "touch", refuse)
    assert (await browser.get("/probe/chat", headers=bearer(key))).status_code == 200


async def test_other_peoples_keys_are_404(portal: AuthPortal) -> None:
    ada, eve = await portal.signed_in(), await portal.signed_in("eve@example.org")
    made = await make_key(ada)
    assert (await eve.get("/api/keys")).json() == {"items": []}
    foreign = await eve.delete(f"/api/keys/{made['id']}")
    unknown = await eve.delete(f"/api/keys/{'0' * 32}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"] == unknown.json()["error"]
    assert (await ada.get("/probe/chat", headers=bearer(made["key"]))).status_code == 200


@pytest.mark.parametrize("key_id", ["x", "%00", "' OR 1=1 --", "a" * 5000, "%F0%9F%98%80"])
async def test_an_unknown_key_id_is_a_404(portal: AuthPortal, key_id: str) -> None:
    browser = await portal.signed_in()
    assert (await browser.delete(f"/api/keys/{key_id}")).status_code == 404
