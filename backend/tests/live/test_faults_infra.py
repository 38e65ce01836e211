"""Real portals whose Redis goes, whose PostgreSQL restarts, and two of them on one session."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.portal import PortalProcess
from tests.fixtures.postgresql import PostgresServer
from tests.fixtures.redis import RedisServer

pytestmark = pytest.mark.live
MakePortal = Callable[..., PortalProcess]

# replicas share a PostgreSQL in earnest; SQLite here shows that one machine's two processes may share a file too
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])

Event = dict[str, Any]


async def _stream(
    client: httpx.AsyncClient, method: str, url: str, after: int = 0, **options: Any
) -> AsyncIterator[tuple[int, Event]]:
    """Yield the numbered events of a stream."""
    headers = {"last-event-id": str(after)} if after else {}
    async with client.stream(method, url, headers=headers, **options) as answer:
        assert answer.status_code == 200, await answer.aread()
        number = 0
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                yield number, orjson.loads(line[6:])


def _ask(session_id: str, message: str) -> dict[str, Any]:
    return {"json": {"session_id": session_id, "message": message}}


async def _say(client: httpx.AsyncClient, session_id: str, message: str) -> str:
    answer = await client.post("/api/llm/chat/session", **_ask(session_id, message))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["response"])


async def _history(client: httpx.AsyncClient, session_id: str) -> list[tuple[str, str]]:
    answer = await client.get(f"/api/llm/chat/session/{session_id}/history")
    assert answer.status_code == 200, answer.text
    return [(message["role"], message["content"]) for message in answer.json()["messages"]]


def _text(events: list[tuple[int, Event]]) -> str:
    return "".join(event.get("content", "") for _, event in events)


@pytest.fixture
def replicas(
    make_portal: MakePortal, own_redis: RedisServer, upstream_url: str
) -> tuple[PortalProcess, PortalProcess]:
    """Two portals on one database and one Redis."""
    assert upstream_url
    return make_portal(REDIS_URL=own_redis.url), make_portal(REDIS_URL=own_redis.url)


@on_postgresql
async def test_two_replicas_on_one_session_take_turns(
    replicas: tuple[PortalProcess, PortalProcess], threaded_model: FakeUpstream
) -> None:
    threaded_model.default = Reply(chunk_delay_seconds=0.01)
    token = await asyncio.to_thread(replicas[0].register)
    async with replicas[0].async_client(token) as first, replicas[1].async_client(token) as second:
        messages = [f"message {number}" for number in range(6)]
        answers = await asyncio.gather(
            *(_say((first, second)[number % 2], "shared", text) for number, text in enumerate(messages))
        )
        assert answers == [f"You said: {text}" for text in messages]
        history = await _history(second, "shared")
    assert sorted(history[::2]) == [("user", text) for text in messages]
    assert history[1::2] == [("assistant", f"You said: {text}") for _, text in history[::2]]
    turns = sorted(threaded_model.requests, key=lambda request: request.at)
    assert len(turns) == 6
    for earlier, later in itertools.pairwise(turns):
        assert earlier.ended_at is not None
        assert earlier.ended_at <= later.at  # never two at once
        assert len(later.body["messages"]) == len(earlier.body["messages"]) + 2  # and each saw the one before


@on_postgresql
async def test_the_other_replica_streams_a_turn_live_resumes_it_and_stops_it(
    replicas: tuple[PortalProcess, PortalProcess], threaded_model: FakeUpstream
) -> None:
    threaded_model.default = Reply(text="one two three four five six seven eight", chunk_delay_seconds=0.1)
    token = await asyncio.to_thread(replicas[0].register)
    async with replicas[0].async_client(token) as first, replicas[1].async_client(token) as second:
        here = _stream(first, "POST", "/api/llm/chat/session/stream", **_ask("shared", "count"))
        _, opening = await anext(here)
        url = f"/api/llm/turns/{opening['turn_id']}/events"
        there = _stream(second, "GET", url)
        seen = [await anext(there) for _ in range(4)]
        is_running = (await second.get(f"/api/llm/turns/{opening['turn_id']}")).json()["status"]
        assert is_running == "streaming"
        rest = [event async for event in _stream(second, "GET", url, after=seen[-1][0])]
        whole = [event async for event in there]
        assert [number for number, _ in seen + rest] == list(range(1, len(seen + rest) + 1))
        assert seen + whole == seen + rest
        assert [(1, opening), *[event async for event in here]] == seen + rest
        assert _text(seen + rest) == "one two three four five six seven eight"

        threaded_model.default = Reply(text="word " * 500, chunk_delay_seconds=0.05)
        here = _stream(first, "POST", "/api/llm/chat/session/stream", **_ask("shared", "go on"))
        _, opening = await anext(here)
        await asyncio.sleep(0.3)
        stopped_at = time.monotonic()
        answer = await second.post(f"/api/llm/turns/{opening['turn_id']}/cancel")
        assert answer.json() == {"ok": True, "status": "cancelled"}
        last = [event async for event in here][-1][1]
        assert last["finish_reason"] == "cancelled"
        aborted_at = threaded_model.requests[-1].aborted_at
        assert aborted_at is not None
        assert aborted_at - stopped_at < 1


@on_postgresql
async def test_a_replica_killed_in_mid_answer_leaves_the_session_to_the_other(
    replicas: tuple[PortalProcess, PortalProcess], threaded_model: FakeUpstream
) -> None:
    token = await asyncio.to_thread(replicas[0].register)
    async with replicas[0].async_client(token) as first, replicas[1].async_client(token) as second:
        await _say(first, "shared", "hello")
        threaded_model.default = Reply(text="word " * 500, chunk_delay_seconds=0.02)
        doomed = _stream(first, "POST", "/api/llm/chat/session/stream", **_ask("shared", "a long one"))
        _, opening = await anext(doomed)
        follower = _stream(second, "GET", f"/api/llm/turns/{opening['turn_id']}/events")
        assert (await anext(follower))[1] == opening
        await asyncio.sleep(1)
        replicas[0].kill()
        with pytest.raises(httpx.HTTPError):
            async for _ in doomed:
                pass
        async with asyncio.timeout(30):
            rest = [event async for event in follower]
        assert rest[-1][1]["error"]["code"] == "interrupted"
        threaded_model.default = Reply()
        async with asyncio.timeout(20):
            assert await _say(second, "shared", "still there?") == "You said: still there?"
        assert await _history(second, "shared") == [
            ("user", "hello"),
            ("assistant", "You said: hello"),
            ("user", "still there?"),
            ("assistant", "You said: still there?"),
        ]
        failed = (await second.get(f"/api/llm/turns/{opening['turn_id']}")).json()
        assert failed["status"] == "failed"


@on_sqlite
async def test_redis_gone_chat_goes_on_and_streams_under_way_arrive_whole(
    make_portal: MakePortal, own_redis: RedisServer, upstream_url: str, threaded_model: FakeUpstream
) -> None:
    portal = await asyncio.to_thread(make_portal, REDIS_URL=own_redis.url)
    token = await asyncio.to_thread(portal.register)
    threaded_model.default = Reply(text="one two three four five six seven eight", chunk_delay_seconds=0.1)
    async with portal.async_client(token) as client:
        streaming = _stream(client, "POST", "/api/llm/chat/session/stream", **_ask("s", "count"))
        opening = await anext(streaming)
        own_redis.kill()
        rest = [event async for event in streaming]
        assert _text(rest) == "one two three four five six seven eight"
        assert rest[-1][1]["done"] is True
        url = f"/api/llm/turns/{opening[1]['turn_id']}/events"
        assert [event async for event in _stream(client, "GET", url)] == [opening, *rest]

        threaded_model.default = Reply()
        began = time.monotonic()
        for number in range(5):
            assert await _say(client, "s", f"message {number}") == f"You said: message {number}"
        assert time.monotonic() - began < 5
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/api/sessions")).json()["items"][0]["id"] == "s"

        await asyncio.to_thread(own_redis.start)
        await asyncio.sleep(1)
        assert await _say(client, "s", "and now") == "You said: and now"
        assert len(await _history(client, "s")) == 14
    assert "Redis is away" in portal.log()
    assert "Redis answers" in portal.log()
    assert "Traceback" not in portal.log()


@on_sqlite
async def test_redis_gone_the_other_replica_still_gets_the_answer(
    replicas: tuple[PortalProcess, PortalProcess], own_redis: RedisServer, threaded_model: FakeUpstream
) -> None:
    threaded_model.default = Reply(text="one two three four five six seven eight", chunk_delay_seconds=0.2)
    token = await asyncio.to_thread(replicas[0].register)
    async with replicas[0].async_client(token) as first, replicas[1].async_client(token) as second:
        here = _stream(first, "POST", "/api/llm/chat/session/stream", **_ask("shared", "count"))
        opening = await anext(here)
        own_redis.kill()
        await asyncio.sleep(0.7)
        there = _stream(second, "GET", f"/api/llm/turns/{opening[1]['turn_id']}/events")
        async with asyncio.timeout(15):
            events = [event async for event in there]
        assert events == [opening, *[event async for event in here]]


@on_sqlite
async def test_a_portal_starts_without_its_redis(
    make_portal: MakePortal, own_redis: RedisServer, upstream_url: str
) -> None:
    own_redis.stop()
    portal = await asyncio.to_thread(make_portal, REDIS_URL=own_redis.url)
    token = await asyncio.to_thread(portal.register)
    async with portal.async_client(token) as client:
        assert await _say(client, "s", "hello") == "You said: hello"


@on_sqlite
async def test_postgresql_restarted_under_a_portal(
    make_portal: MakePortal, own_postgres: PostgresServer, upstream_url: str, threaded_model: FakeUpstream
) -> None:
    portal = await asyncio.to_thread(make_portal, DATABASE_URL=own_postgres.url("postgres"))
    token = await asyncio.to_thread(portal.register)
    async with portal.async_client(token) as client:
        assert await _say(client, "s", "before") == "You said: before"
        await asyncio.to_thread(own_postgres.restart_fast)
        assert await _say(client, "s", "after") == "You said: after"

        own_postgres.kill()
        began = time.monotonic()
        for method, url, options in (
            ("GET", "/api/sessions", {}),
            ("GET", "/api/llm/chat/session/s/history", {}),
            ("POST", "/api/llm/chat/session", _ask("s", "lost")),
            ("POST", "/api/llm/chat/session/stream", _ask("s", "lost")),
        ):
            answer = await client.request(method, url, **options)
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["code"] == "database_unavailable"
            assert "retry-after" in answer.headers
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).text == "ok"
        assert time.monotonic() - began < 8

        await asyncio.to_thread(own_postgres.start)
        assert (await client.get("/readyz")).status_code == 200
        assert await _say(client, "s", "again") == "You said: again"
        assert [text for role, text in await _history(client, "s") if role == "user"] == [
            "before",
            "after",
            "again",
        ]
    assert "Traceback" not in portal.log()


@on_sqlite
async def test_postgresql_restarted_in_mid_answer(
    make_portal: MakePortal, own_postgres: PostgresServer, upstream_url: str, threaded_model: FakeUpstream
) -> None:
    portal = await asyncio.to_thread(make_portal, DATABASE_URL=own_postgres.url("postgres"))
    token = await asyncio.to_thread(portal.register)
    threaded_model.default = Reply(text="word " * 60, chunk_delay_seconds=0.05)
    async with portal.async_client(token) as client:
        streaming = _stream(client, "POST", "/api/llm/chat/session/stream", **_ask("s", "a long one"))
        opening = await anext(streaming)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_postgres.restart_fast)
        rest = [event async for event in streaming]
        assert rest[-1][1].get("done") is True, rest[-1]
        assert _text(rest).split() == ["word"] * 60
        turn = (await client.get(f"/api/llm/turns/{opening[1]['turn_id']}")).json()
        assert turn["status"] == "done"
        threaded_model.default = Reply()
        assert await _say(client, "s", "next") == "You said: next"
        assert len(await _history(client, "s")) == 4


@on_sqlite
async def test_two_processes_share_one_sqlite_file(make_portal: MakePortal, upstream_url: str) -> None:
    one = await asyncio.to_thread(make_portal)
    two = await asyncio.to_thread(make_portal)
    token = await asyncio.to_thread(one.register)
    async with one.async_client(token) as first, two.async_client(token) as second:
        await asyncio.gather(
            *(
                _say((first, second)[number % 2], f"session {number % 8}".replace(" ", "-"), "hello")
                for number in range(24)
            )
        )
        for number in range(8):
            assert len(await _history(second, f"session-{number}")) == 6
    for portal in (one, two):
        assert "database is locked" not in portal.log()
        assert "Traceback" not in portal.log()
