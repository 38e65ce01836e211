"""Kept answers of `/v1`: who gets them, who does not, what is never kept, and equal requests that wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.auth.principal import Principal
from app.coord.factory import create_coord
from app.gateway.cache import AnswerCache, Asked, CacheWish
from app.gateway.setup import create_gateway
from app.users.tables import User
from tests.api.chat_portal import ChatPortal
from tests.fakes.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
ASK: dict[str, Any] = {"model": "fake-model", "messages": [{"role": "user", "content": "Hello!"}], "seed": 7}
ON = {"x-portal-cache": "on"}


@pytest.fixture
def store() -> str:
    return "memory"


@pytest.fixture
def chat_overrides(request: pytest.FixtureRequest, store: str, tmp_path: Path) -> dict[str, object]:
    file = tmp_path / "models.yaml"
    file.write_text(
        "models:\n  kept:\n    cache_seconds: 60\n    targets: [{provider: local, model: fake-model}]\n"
    )
    url = request.getfixturevalue("redis_url") if store == "redis" else ""
    return {"redis_url": url, "models_file": str(file)}


@pytest.fixture
async def client(chat_portal: ChatPortal, ada: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    yield ada


async def _ask(client: httpx.AsyncClient, headers: dict[str, str] | None = ON, **more: Any) -> httpx.Response:
    answer = await client.post("/v1/chat/completions", json={**ASK, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def _how(answer: httpx.Response) -> str | None:
    how: str | None = answer.headers.get("x-portal-cache")
    return how


def _text(answer: httpx.Response) -> str:
    if "event-stream" not in answer.headers["content-type"]:
        return str(answer.json()["choices"][0]["message"]["content"])
    events = [event[6:] for event in answer.content.split(b"\n\n") if event.startswith(b"data: {")]
    choices = [choice for event in events for choice in orjson.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_equal_requests_are_answered_once(client: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    first = await _ask(client)
    second = await _ask(client)
    assert (_how(first), _how(second)) == ("miss", "hit")
    assert first.content == second.content and len(upstream.requests) == 1
    usage = await _usage_when(client, 2)
    assert usage["cache_hits"] == 1


async def _usage_when(client: httpx.AsyncClient, requests: int) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            total: dict[str, Any] = (await client.get("/api/usage")).json()["total"]
            if total["requests"] >= requests:
                return total
            await asyncio.sleep(0.05)


async def test_what_is_kept_serves_streams_and_whole_answers(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    told = await _ask(client, stream=True)
    again = await _ask(client, stream=True, stream_options={"include_usage": True})
    whole = await _ask(client)
    assert [_how(answer) for answer in (told, again, whole)] == ["miss", "hit", "hit"]
    assert {_text(answer) for answer in (told, again, whole)} == {"You said: Hello!"}
    assert b'"usage"' not in told.content and b'"usage":{' in again.content
    assert again.content.endswith(b"data: [DONE]\n\n") and whole.json()["usage"]["completion_tokens"] > 0
    assert len(upstream.requests) == 1


async def test_a_models_definition_keeps_its_answers_and_a_request_may_decline(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    hows = [
        _how(await _ask(client, headers, model="kept"))
        for headers in (None, None, {"x-portal-cache": "off"}, {"x-portal-cache": "refresh"}, None)
    ]
    assert hows == ["miss", "hit", None, "miss", "hit"] and len(upstream.requests) == 3
    assert _how(await _ask(client, None)) is None
    refused = await client.post("/v1/chat/completions", json=ASK, headers={"x-portal-cache": "perhaps"})
    assert refused.status_code == 400


async def test_another_owner_and_every_other_field_is_another_answer(
    client: httpx.AsyncClient, eve: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    others: list[dict[str, Any]] = [
        {},
        {"seed": 8},
        {"temperature": 0},
        {"tools": []},
        {"made_up": 1},
        {"model": "kept"},
    ]
    assert [_how(await _ask(client, **other)) for other in others] == ["miss"] * 6
    assert _how(await _ask(eve)) == "miss"
    assert len(upstream.requests) == 7
    assert _how(await _ask(client, stream=False)) == "hit"


async def test_errors_and_broken_streams_are_not_kept(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(status=400), Reply(text="one two three", cut_after=2))
    failed = await client.post("/v1/chat/completions", json=ASK, headers=ON)
    assert failed.status_code == 400
    broken = await _ask(client, stream=True)
    assert b'"error"' in broken.content
    good = await _ask(client)
    assert _how(good) == "miss" and _text(good) == "You said: Hello!"


async def test_equal_requests_at_the_same_time_wait_for_one(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(first_delay_seconds=0.4)
    for count, is_stream in ((1, False), (2, True)):
        answers = await asyncio.gather(*(_ask(client, stream=is_stream, seed=count) for _ in range(10)))
        assert len(upstream.requests) == count
        how = [_how(answer) for answer in answers]
        assert how.count("miss") == 1 and "shared" in how
        assert set(how) <= {"miss", "shared", "hit"}  # where all is slow, the last come after the answer
        assert {_text(answer) for answer in answers} == {"You said: Hello!"}


async def test_when_the_one_leaves_or_fails_another_takes_over(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    for is_stream in (False, True):
        before, body = len(upstream.requests), {**ASK, "stream": is_stream, "seed": is_stream}
        upstream.queue(Reply(stall_before_headers=True), Reply(status=400), Reply(text="Here."))
        leaving = asyncio.create_task(client.post("/v1/chat/completions", json=body, headers=ON))
        await upstream.wait_until(lambda: upstream.active == 1)
        asking = [
            asyncio.create_task(client.post("/v1/chat/completions", json=body, headers=ON)) for _ in range(3)
        ]
        await asyncio.sleep(0.1)
        leaving.cancel()
        answers = await asyncio.gather(*asking)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 400]
        assert {_text(answer) for answer in answers if answer.status_code == 200} == {"Here."}
        assert len(upstream.requests) == before + 3
    assert len(upstream.aborted) == 2


async def test_messages_and_responses_that_are_not_stored_are_kept_too(
    client: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    said = {"model": "fake-model", "max_tokens": 9, "messages": ASK["messages"]}
    wish = {"model": "fake-model", "input": "Hello!", "store": False}
    for path, body in (("/v1/messages", said), ("/v1/responses", wish)):
        before = len(upstream.requests)
        for is_stream in (False, True):
            for _ in range(2):
                answer = await client.post(path, json={**body, "stream": is_stream}, headers=ON)
                assert answer.status_code == 200
                assert b"You said" in answer.content
        assert len(upstream.requests) == before + 1
        assert _how(answer) == "hit"
    stored = {**wish, "store": True}
    for _ in range(2):
        assert _how(await client.post("/v1/responses", json=stored, headers=ON)) is None


@pytest.fixture
async def replicas(
    chat_portal: ChatPortal, request: pytest.FixtureRequest, store: str
) -> AsyncIterator[Callable[[float], list[AnswerCache]]]:
    """Two replicas' caches: `replicas(0.5)` wait for one another for half a second."""
    runtime, gateway = chat_portal.runtime, create_gateway(chat_portal.runtime)
    coords = [runtime.coord, runtime.coord]
    if store == "redis":
        coords[1] = create_coord(request.getfixturevalue("redis_url"), shared_name="there")
        await coords[1].start()
    yield lambda wait_seconds: [
        AnswerCache(gateway, runtime.routes, coord.blobs, coord.locks, 2**20, wait_seconds=wait_seconds)
        for coord in coords
    ]
    if store == "redis":
        await coords[1].close()


class Model:
    """Counts who asks it, and answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def answer(self) -> bytes:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        return b"%d" % number


def _asked(name: str) -> Asked:
    user = User(id=1, email="", password_hash="", role="user", must_change_password=False)
    return Asked(
        Principal(user, frozenset({"gateway"})), "messages", {"model": "fake-model", "messages": name}
    )


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_replicas_wait_for_one(replicas: Callable[[float], list[AnswerCache]]) -> None:
    model, wish, caches = Model(), CacheWish(60), replicas(60)
    asking = [
        asyncio.create_task(cache.whole_as_is(_asked("one"), wish, model.answer))
        for cache in (*caches, *caches)
    ]
    async with asyncio.timeout(5):
        while not model.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    model.may_answer.set()
    assert await asyncio.gather(*asking) == [b"1"] * 4 and model.asked == 1


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_nobody_waits_for_long_for_one_that_hangs_or_has_left(
    replicas: Callable[[float], list[AnswerCache]],
) -> None:
    here, there = replicas(0.5)
    hanging, model, wish = Model(), Model(), CacheWish(60)
    model.may_answer.set()
    stuck = asyncio.create_task(here.whole_as_is(_asked("two"), wish, hanging.answer))
    async with asyncio.timeout(20):
        while not hanging.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        answers = [cache.whole_as_is(_asked("two"), wish, model.answer) for cache in (here, there)]
        assert {*await asyncio.gather(*answers)} <= {b"1", b"2"}
        here, there = replicas(60)
        left = asyncio.create_task(here.whole_as_is(_asked("three"), wish, hanging.answer))
        while hanging.asked < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(there.whole_as_is(_asked("three"), wish, model.answer))
        await asyncio.sleep(0.05)
        left.cancel()
        await waiting  # not for a minute
    stuck.cancel()
    await asyncio.gather(stuck, left, return_exceptions=True)
