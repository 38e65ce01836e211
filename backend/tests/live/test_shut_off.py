"""An account that is shut off is out at once everywhere: here two replicas over a real Redis, and the portal's own broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.chat.replica import Replica
from app.config import Settings
from app.coord.base import Coord
from app.coord.factory import create_coord
from app.kit.ids import new_id
from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal, serve_portal
from tests.fakes.upstream import FakeUpstream, Recorded, Reply

pytestmark = [pytest.mark.live, pytest.mark.parametrize("database_kind", ["sqlite"])]
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "count"}], "stream": True}


@pytest.fixture
async def replicas(
    settings: Settings, redis_url: str, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ChatPortal, ChatPortal]]:
    """Two in one process that share a database and a Redis, and nothing else."""
    me = Replica.current()

    def own_coord(url: str, **_: object) -> Coord:
        return create_coord(url, shared_name=new_id())

    monkeypatch.setattr("app.chat.runtime.create_coord", own_coord)
    monkeypatch.setattr(Replica, "current", lambda: replace(me, host=new_id()))
    shared = settings.model_copy(update={"redis_url": redis_url, "llm_server_url": upstream.url})
    async with serve_portal(shared, upstream) as first, serve_portal(shared, upstream) as second:
        yield first, second


async def _admin(portal: ChatPortal) -> httpx.AsyncClient:
    email = "root@example.org"
    password = await create_with_one_time_password(portal.runtime.database, email, "admin")
    client = httpx.AsyncClient(base_url=portal.base_url, timeout=20)
    for path, body in (
        ("login", {"email": email, "password": password}),
        ("change-password", {"current_password": password, "new_password": PASSWORD}),
    ):
        token = (await client.post(f"/api/auth/{path}", json=body)).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
    return client


async def _eve(portal: ChatPortal) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=portal.base_url, timeout=20)
    await client.post("/api/auth/register", json={"email": "eve@example.org", "password": PASSWORD})
    login = await client.post("/api/auth/login", json={"email": "eve@example.org", "password": PASSWORD})
    client.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return client


@asynccontextmanager
async def _open(
    client: httpx.AsyncClient, method: str, path: str, **more: Any
) -> AsyncIterator[asyncio.Task[str]]:
    """Open a stream and read on; the task ends, with what came, when the stream does."""
    async with client.stream(method, path, **more) as answer:
        assert answer.status_code == 200, path
        pieces = answer.aiter_text()
        first = await anext(pieces)

        async def rest() -> str:
            return first + "".join([piece async for piece in pieces])

        task = asyncio.create_task(rest())
        yield task
        task.cancel()


async def test_everything_that_somebody_has_open_ends_on_the_other_replica(
    replicas: tuple[ChatPortal, ChatPortal], upstream: FakeUpstream
) -> None:
    here, there = replicas
    admin, eve = await _admin(here), await _eve(there)
    upstream.default = Reply(chunks=["word "] * 400, chunk_delay_seconds=0.05)
    key = (await eve.post("/api/keys", json={"name": "sdk", "scopes": ["gateway", "chat"]})).json()["key"]
    program = httpx.AsyncClient(
        base_url=there.base_url, headers={"authorization": f"Bearer {key}"}, timeout=20
    )
    chat = {"messages": ASK["messages"]}
    turn = {"session_id": "s", "message": "count"}
    async with (
        _open(program, "POST", "/v1/chat/completions", json=ASK) as passed,
        _open(eve, "POST", "/api/llm/chat/stream", json=chat) as single,
        _open(eve, "POST", "/api/llm/chat/session/stream", json=turn) as told,
        _open(eve, "GET", "/api/sessions/changes") as changes,
    ):
        async with asyncio.timeout(10):
            live: list[dict[str, Any]] = []
            while len(live) < 3:
                await asyncio.sleep(0.1)
                live = (await admin.get("/api/admin/live")).json()["items"]
        assert {(one["email"], one["door"]) for one in live} == {
            ("eve@example.org", "v1"),
            ("eve@example.org", "page"),
        }
        ended = asyncio.gather(passed, single, told, changes)
        person = live[0]["user_id"]
        answer = await admin.patch(f"/api/admin/users/{person}", json={"is_active": False})
        assert answer.status_code == 200
        by_v1, by_single, by_turn, _ = await asyncio.wait_for(ended, 15)
        for text in (by_v1, by_single):
            assert "stopped_by_operator" in text
        assert "cancelled" in by_turn
        await upstream.wait_until(lambda: len(upstream.aborted) == 3)
        for client in (eve, program):
            assert (await client.get("/api/sessions")).status_code == 401
        async with asyncio.timeout(10):  # the other replica says every two seconds what runs there
            while (await admin.get("/api/admin/live")).json()["items"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    for client in (admin, eve, program):
        await client.aclose()


async def test_what_runs_for_a_revoked_key_ends_on_the_other_replica_and_nothing_else(
    replicas: tuple[ChatPortal, ChatPortal], upstream: FakeUpstream
) -> None:
    here, there = replicas
    eve = await _eve(here)
    brief: Any = {**ASK, "messages": [{"role": "user", "content": "count to sixty"}]}

    def count(recorded: Recorded) -> Reply:
        words = 60 if recorded.body["messages"][-1]["content"] == "count to sixty" else 4000
        return Reply(chunks=["word "] * words, chunk_delay_seconds=0.05)

    upstream.respond = count
    wish = {"name": "sdk", "scopes": ["gateway", "chat"]}
    lost, kept = [(await eve.post("/api/keys", json=wish)).json() for _ in range(2)]
    robot = (await eve.post("/api/devices", json={"name": "robot"})).json()
    by_lost, by_kept, by_robot = (
        {"headers": {"authorization": f"Bearer {secret}"}}
        for secret in (lost["key"], kept["key"], robot["secret"])
    )
    turn = {"message": "count"}
    path = "/api/llm/chat/session/stream"
    async with (
        httpx.AsyncClient(base_url=there.base_url, timeout=20) as program,
        _open(program, "POST", "/v1/chat/completions", json=ASK, **by_lost) as passed,
        _open(program, "POST", path, json={**turn, "session_id": "s"}, **by_lost) as told,
        _open(
            program, "POST", "/api/llm/chat/stream", json={"messages": ASK["messages"]}, **by_robot
        ) as played,
        _open(program, "POST", "/v1/chat/completions", json=brief, **by_kept) as other_passed,
        _open(
            program, "POST", path, json={"message": "count to sixty", "session_id": "t"}, **by_kept
        ) as other_told,
    ):
        assert (await eve.delete(f"/api/keys/{lost['id']}")).status_code == 200
        assert (await eve.delete(f"/api/devices/{robot['id']}")).status_code == 200
        by_v1, by_turn, by_device = await asyncio.wait_for(asyncio.gather(passed, told, played), 15)
        for text in (by_v1, by_device):
            assert "stopped_by_operator" in text and "revoked" in text
        assert "cancelled" in by_turn
        await upstream.wait_until(lambda: len(upstream.aborted) == 3)
        whole = await asyncio.wait_for(asyncio.gather(other_passed, other_told), 20)
    assert all(text.count("word ") == 60 for text in whole)
    await eve.aclose()


async def test_what_a_sign_in_has_open_ends_with_it_on_the_other_replica(
    replicas: tuple[ChatPortal, ChatPortal],
) -> None:
    here, there = replicas
    eve = await _eve(here)
    changed = {"current_password": PASSWORD, "new_password": f"{PASSWORD} and more"}
    for how in ("signing out", "ending it in the list", "a new password"):
        stolen = await _eve(there)
        sign_in = (await stolen.get("/api/auth/sessions")).json()["items"][0]["id"]
        async with _open(stolen, "GET", "/api/sessions/changes") as changes:
            if how == "signing out":
                answer = await stolen.post("/api/auth/logout")
            elif how == "a new password":
                answer = await eve.post("/api/auth/change-password", json=changed)
            else:
                answer = await eve.delete(f"/api/auth/sessions/{sign_in}")
            assert answer.status_code == 200, answer.text
            await asyncio.wait_for(changes, 15)
        assert (await stolen.get("/api/sessions")).status_code == 401, how
        await stolen.aclose()
    await eve.aclose()


async def test_one_ask_is_stopped_on_the_other_replica_and_the_log_says_by_whom(
    replicas: tuple[ChatPortal, ChatPortal], upstream: FakeUpstream
) -> None:
    here, there = replicas
    admin, eve = await _admin(here), await _eve(there)
    upstream.default = Reply(stall_before_first=True)
    asking = asyncio.create_task(eve.post("/api/llm/chat", json={"messages": ASK["messages"]}))
    async with asyncio.timeout(10):
        live: list[dict[str, Any]] = []
        while not live:
            await asyncio.sleep(0.1)
            live = (await admin.get("/api/admin/live")).json()["items"]
    assert (await eve.post(f"/api/admin/live/{live[0]['turn_id']}/cancel")).status_code == 403
    stopped = await admin.post(f"/api/admin/live/{live[0]['turn_id']}/cancel")
    assert stopped.status_code == 200
    answer = await asyncio.wait_for(asking, 15)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "stopped_by_operator")
    lines = (await admin.get("/api/admin/audit", params={"action": "turn.cancel"})).json()["items"]
    assert [(line["actor"], line["subject"]) for line in lines] == [("root@example.org", live[0]["turn_id"])]
    for client in (admin, eve):
        await client.aclose()
