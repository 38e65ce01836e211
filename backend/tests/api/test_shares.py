"""A link shows a copy of one branch to anyone, nothing else of its owner, and nothing at all once it is withdrawn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.chat.share_service import READS_PER_MINUTE
from app.coord.base import CoordUnavailableError
from tests.api.chat_portal import PASSWORD, ChatPortal, say
from tests.fakes.reply import Reply


@pytest.fixture
async def stranger(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a credential."""
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20) as client:
        yield client


async def _share(client: httpx.AsyncClient, session_id: str = "maze-7", **wish: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/sessions/{session_id}/share", json=wish)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _state(client: httpx.AsyncClient, session_id: str = "maze-7") -> dict[str, Any]:
    return dict((await client.get(f"/api/sessions/{session_id}/share")).json())


async def _shown(stranger: httpx.AsyncClient, token: str) -> list[str]:
    answer = await stranger.get(f"/api/shared/{token}")
    assert answer.status_code == 200, answer.text
    return [message["content"] for message in answer.json()["messages"]]


async def test_a_link_shows_the_branch_and_nothing_of_its_owner(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    chat_portal.upstream.queue(
        Reply(text="South.", reasoning="secret thought"), Reply(text="North.", reasoning="secret thought")
    )
    await say(ada, "maze-7", "Which way?", system_prompt="The secret word is xyzzy.")
    first = (await ada.get("/api/sessions/maze-7")).json()["messages"][1]["id"]
    await say(ada, "maze-7", None, regenerate_of=first)
    await ada.patch("/api/sessions/maze-7", json={"title": "The maze"})
    made = await _share(ada)
    assert made["url"] == f"{chat_portal.base_url}/s/{made['token']}"
    assert len(made["token"]) == 32  # 192 bits
    answer = await stranger.get(f"/api/shared/{made['token']}")
    shown = answer.json()
    assert set(shown) == {"title", "created_at", "updated_at", "messages"}
    assert shown["title"] == "The maze"
    assert [(m["role"], m["content"], m["reasoning"]) for m in shown["messages"]] == [
        ("user", "Which way?", None),
        ("assistant", "North.", None),
    ]
    assert all(set(m) == {"role", "content", "reasoning", "files", "created_at"} for m in shown["messages"])
    model = (await ada.get("/api/sessions/maze-7")).json()["messages"][1]["model"]
    for secret in ("xyzzy", "secret thought", "South", "ada@", "maze-7", first, model):
        assert secret not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"
    with_thoughts = await _share(ada, include_reasoning=True)
    shown = (await stranger.get(f"/api/shared/{with_thoughts['token']}")).json()
    assert shown["messages"][1]["reasoning"] == "secret thought"


async def test_what_comes_later_is_not_shown_until_it_is_shared_too(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await say(ada, "maze-7", "one")
    token = (await _share(ada))["token"]
    before = await _state(ada)
    assert (before["is_shared"], before["messages"], before["is_outdated"]) == (True, 2, False)
    await say(ada, "maze-7", "two")
    assert len(await _shown(stranger, token)) == 2
    assert (await _state(ada))["is_outdated"] is True
    updated = (await ada.put("/api/sessions/maze-7/share")).json()
    assert (updated["messages"], updated["is_outdated"]) == (4, False)
    assert updated["created_at"] == before["created_at"] and updated["updated_at"] > before["updated_at"]
    assert len(await _shown(stranger, token)) == 4
    assert updated == await _state(ada)


async def test_a_new_link_ends_the_old_one(ada: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    await say(ada, "maze-7", "one")
    old, new = (await _share(ada))["token"], (await _share(ada))["token"]
    assert old != new
    assert (await stranger.get(f"/api/shared/{old}")).status_code == 404
    assert len(await _shown(stranger, new)) == 2


@pytest.mark.parametrize("how", ["withdrawn", "deleted", "cleared", "restored", "account"])
async def test_a_link_that_ended_is_answered_like_one_that_never_was(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient, how: str
) -> None:
    await say(ada, "maze-7", "one")
    token = (await _share(ada))["token"]
    if how == "withdrawn":
        for _ in range(2):
            assert (await ada.delete("/api/sessions/maze-7/share")).status_code == 200
        assert await _state(ada) | {"is_shared": False} == await _state(ada)
        assert (await ada.put("/api/sessions/maze-7/share")).json()["error"]["code"] == "not_shared"
    elif how == "cleared":
        await ada.delete("/api/llm/chat/session/maze-7")
    elif how == "account":
        gone = await ada.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
        assert gone.status_code == 200, gone.text
    else:
        await ada.delete("/api/sessions/maze-7")
    if how == "restored":  # undoing a delete brings the conversation back, not its publication
        assert (await ada.post("/api/sessions/maze-7/restore")).status_code == 200
        assert (await _state(ada))["is_shared"] is False
    bodies = []
    for tried in (token, "A" * 32, "short", "a" * 500, "%00", "..%2f..", "' OR 1=1 --"):
        answer = await stranger.get(f"/api/shared/{tried}")
        assert answer.status_code == 404
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        bodies.append({**answer.json()["error"], "request_id": ""})
    assert bodies[0]["code"] == "share_not_found"
    assert all(body == bodies[0] for body in bodies[:5])


async def test_a_link_of_somebody_who_may_not_sign_in_any_more_shows_nothing(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    await say(ada, "maze-7", "one")
    token = (await _share(ada))["token"]
    async with chat_portal.runtime.database.transaction() as db:
        await db.execute(text("UPDATE users SET is_active = false WHERE email = 'ada@example.org'"))
    assert (await stranger.get(f"/api/shared/{token}")).status_code == 404


async def test_only_finished_messages_are_shared(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    await ada.post("/api/sessions", json={"id": "maze-7"})
    empty = await ada.post("/api/sessions/maze-7/share")
    assert (empty.status_code, empty.json()["error"]["code"]) == (409, "nothing_to_share")
    await say(ada, "maze-7", "one")
    chat_portal.upstream.queue(Reply(text="half an ans", cut_after=1))
    await ada.post("/api/llm/chat/session", json={"session_id": "maze-7", "message": "two"})
    statuses = [m["status"] for m in (await ada.get("/api/sessions/maze-7")).json()["messages"]]
    assert statuses[-1] == "failed"
    assert await _shown(stranger, (await _share(ada))["token"]) == ["one", "You said: one", "two"]


async def test_the_token_is_not_stored_and_not_logged(
    ada: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    chat_portal: ChatPortal,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await say(ada, "maze-7", "one")
    caplog.set_level(logging.DEBUG, logger="portal")
    token = (await _share(ada))["token"]
    await _shown(stranger, token)
    await stranger.get(f"/s/{token}")

    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(chat_portal.runtime.shares, "_admit", fail)
    assert (await stranger.get(f"/api/shared/{token}")).status_code == 500
    paths = ("/api/shared/…", "/s/…")
    async with asyncio.timeout(5):  # a request is logged when it is over, a moment after its answer is there
        while not all(path in caplog.text for path in paths):  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(0.01)
    logged = caplog.messages
    assert not [line for line in logged if token in line]
    async with chat_portal.runtime.database.reading() as db:
        rows = (await db.execute(text("SELECT * FROM shares"))).all()
    assert len(rows) == 1 and token not in str(rows)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_key_can_withdraw_a_link_but_not_publish(
    ada: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await say(ada, "maze-7", "one")
    token = (await _share(ada))["token"]
    key = (await ada.post("/api/keys", json={"name": "a game"})).json()["key"]
    stranger.headers["authorization"] = f"Bearer {key}"
    for method in ("POST", "PUT"):
        refused = await stranger.request(method, "/api/sessions/maze-7/share")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "sign_in_required")
    assert len(await _shown(stranger, token)) == 2
    assert (await stranger.delete("/api/sessions/maze-7/share")).status_code == 200
    assert (await stranger.get(f"/api/shared/{token}")).status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_reading_links_is_limited_by_address(
    ada: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    chat_portal: ChatPortal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await say(ada, "maze-7", "one")
    token = (await _share(ada))["token"]
    shares = chat_portal.runtime.shares
    for _ in range(READS_PER_MINUTE):
        await shares._admit("198.51.100.7")
        await shares._admit("127.0.0.1")
    limited = await stranger.get(f"/api/shared/{token}")
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) >= 1
    assert len((await shares.read(token, "203.0.113.9")).messages) == 2  # another address

    async def away(*_: Any, **__: Any) -> None:
        raise CoordUnavailableError("away")

    monkeypatch.setattr(shares._rates, "take", away)
    assert len(await _shown(stranger, token)) == 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_page_of_a_link_loads_nothing_from_elsewhere(stranger: httpx.AsyncClient) -> None:
    shared, other = await stranger.get("/s/" + "A" * 32), await stranger.get("/settings")
    policies = [
        dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
        for page in (shared, other)
    ]
    assert policies[0]["img-src"] == "'self' data:"
    assert policies[1]["img-src"] != policies[0]["img-src"]
    assert policies[0]["script-src"] == "'self'"
    assert shared.headers["x-robots-tag"] == "noindex, nofollow"
    assert shared.headers["referrer-policy"] == "no-referrer"
    assert "x-robots-tag" not in other.headers


@pytest.mark.parametrize("chat_overrides", [{"portal_public_url": "https://portal.example.org/"}])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_link_has_the_portals_public_address(ada: httpx.AsyncClient) -> None:
    await say(ada, "maze-7", "one")
    made = await _share(ada)
    assert made["url"] == f"https://portal.example.org/s/{made['token']}"
    assert (await ada.post("/api/sessions/maze-7/share")).status_code == 200  # without a body
    assert (await ada.post("/api/sessions/maze-7/share", json={"with": 1})).status_code == 422
