"""Whole prompts over HTTP: /api/llm/chat and /chat/stream, wrong bodies, key limits, clients that leave."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from app.chat import stream as stream_module
from tests.api.auth_portal import make_key
from tests.api.chat_portal import ChatPortal, read_stream
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}


@pytest.fixture
def database_kind() -> str:
    """Nothing here is stored: one kind of database is enough."""
    return "sqlite"


async def test_a_prompt_is_answered_with_everything_the_contract_names(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(text="Hi.", reasoning="a greeting"))
    answer = (await ada.post("/api/llm/chat", json=HELLO)).json()
    assert (answer["response"], answer["session_id"], answer["finish_reason"]) == ("Hi.", None, "stop")
    assert answer["model"] == "fake-model" and answer["usage"]["total_tokens"] > 0
    assert (await ada.get("/api/sessions")).json()["items"] == []


async def test_a_streamed_prompt_has_numbered_events_and_one_end(ada: httpx.AsyncClient) -> None:
    stream = await read_stream(ada, "POST", "/api/llm/chat/stream", json=HELLO)
    assert stream.numbers == list(range(1, len(stream.numbers) + 1))
    assert stream.text == "You said: Hello!"
    assert stream.last["done"] is True and stream.last["model"] == "fake-model"
    assert all("turn_id" not in data for _, data in stream.events)


async def test_tools_and_formats_reach_the_model_and_calls_come_back(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "turn", "arguments": '{"to": "left"}'}}
    upstream.queue(Reply(text="", tool_calls=[call], finish_reason="tool_calls"))
    tools = [{"type": "function", "function": {"name": "turn", "parameters": {"type": "object"}}}]
    body = {**HELLO, "tools": tools, "tool_choice": "auto", "response_format": {"type": "json_object"}}
    answer = (await ada.post("/api/llm/chat", json=body)).json()
    assert answer["tool_calls"][0]["function"] == call["function"]
    assert answer["finish_reason"] == "tool_calls"
    sent = upstream.requests[-1].body
    assert (sent["tools"], sent["response_format"]) == (tools, {"type": "json_object"})


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/chat/stream"])
async def test_a_client_that_leaves_closes_the_upstream_within_a_second(
    ada: httpx.AsyncClient, upstream: FakeUpstream, path: str
) -> None:
    upstream.queue(Reply(text="a b c", stall_after=2))
    with pytest.raises(httpx.ReadTimeout):
        async with ada.stream("POST", path, json=HELLO, timeout=httpx.Timeout(5, read=0.5)) as response:
            async for _ in response.aiter_bytes():
                pass
    left_at = time.monotonic()
    await upstream.wait_until(lambda: bool(upstream.aborted), seconds=1)
    assert time.monotonic() - left_at < 1


async def test_silence_is_filled_with_comments(
    ada: httpx.AsyncClient, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stream_module.KEEP_ALIVE_SECONDS == 15
    monkeypatch.setitem(stream_module.EventStream.__init__.__kwdefaults__, "keep_alive_seconds", 0.1)
    upstream.queue(Reply(text="late", first_delay_seconds=0.45))
    stream = await read_stream(ada, "POST", "/api/llm/chat/stream", json=HELLO)
    assert stream.raw.count(b": keep-alive\n\n") >= 1  # four where nobody else wants the processor
    assert stream.text == "late"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({**HELLO, "temperatur": 1}, "temperatur"),
        ({**HELLO, "temperature": 2.1}, "temperature"),
        ({**HELLO, "temperature": "hot"}, "temperature"),
        ({**HELLO, "top_p": 0}, "top_p"),
        ({**HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x", "mood": "good"}]}, "messages.0.mood"),
    ],
)
async def test_a_wrong_field_is_named(
    ada: httpx.AsyncClient, upstream: FakeUpstream, body: dict[str, Any], field: str
) -> None:
    for path in ("/api/llm/chat", "/api/llm/chat/stream"):
        answer = await ada.post(path, json=body)
        assert answer.status_code == 422
        assert field in [item["field"] for item in answer.json()["error"]["details"]["fields"]]
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "x"}, "session_id"),
        ({"session_id": "a b", "message": "x"}, "session_id"),
        ({"session_id": "s" * 129, "message": "x"}, "session_id"),
        ({"session_id": "s"}, "message"),
        ({"session_id": "s", "message": None}, "message"),
        ({"session_id": "s", "message": " \n"}, "message"),
        ({"session_id": "s", "message": "a\x00b"}, "message"),
        ({"session_id": "s", "message": "x", "system_promt": "y"}, "system_promt"),
        ({"session_id": "s", "message": "x", "parent_id": 7}, "parent_id"),
    ],
)
async def test_a_wrong_field_of_a_session_is_named(
    ada: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    for path in ("/api/llm/chat/session", "/api/llm/chat/session/stream"):
        answer = await ada.post(path, json=body)
        assert answer.status_code == 422
        assert field in [item["field"] for item in answer.json()["error"]["details"]["fields"]]


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/chat/session", "/api/llm/chat/session/stream"])
async def test_bodies_that_are_no_json_or_too_large_are_refused(ada: httpx.AsyncClient, path: str) -> None:
    as_json = {"content-type": "application/json"}
    broken = await ada.post(path, content=b'{"messages": [', headers=as_json)
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "invalid_json")
    for binary in (bytes(range(256)), b"\xff\xfe\x00", b"\x00" * 100):
        answer = await ada.post(path, content=binary, headers=as_json)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    surrogate = b'{"messages":[{"role":"user","content":"\\ud800"}],"session_id":"s","message":"\\ud800"}'
    assert (await ada.post(path, content=surrogate, headers=as_json)).status_code in (400, 422)
    large = await ada.post(path, content=b" " * (10 * 1024 * 1024 + 1), headers=as_json)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


async def test_an_unknown_model_is_404_with_the_nearest_names(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    for path in ("/api/llm/chat", "/api/llm/chat/stream"):
        answer = await ada.post(path, json={**HELLO, "model": "fake-modl"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
        assert answer.json()["error"]["details"]["available"] == ["fake-model"]
    for path in ("/api/llm/chat/session", "/api/llm/chat/session/stream"):
        answer = await ada.post(path, json={"session_id": "s", "message": "x", "model": "gpt-9"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert (await ada.get("/api/sessions/s")).status_code == 404
    assert upstream.requests == []


@pytest.fixture
async def game(chat_portal: ChatPortal, ada: httpx.AsyncClient) -> Any:
    """Make clients with keys of limits."""
    clients: list[httpx.AsyncClient] = []

    async def make(**wish: Any) -> httpx.AsyncClient:
        key = await make_key(ada, **wish)
        headers = {"authorization": f"Bearer {key['key']}"}
        clients.append(httpx.AsyncClient(base_url=chat_portal.base_url, headers=headers, timeout=20))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def test_a_keys_models_requests_and_tokens_are_limited(game: Any, upstream: FakeUpstream) -> None:
    other_models = await game(allowed_models=["another"])
    refused = await other_models.post("/api/llm/chat", json=HELLO)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
    named = await other_models.post("/api/llm/chat", json={**HELLO, "model": "fake-model"})
    assert named.status_code == 404 and "fake-model" not in named.json()["error"].get("details", {}).get(
        "available", []
    )
    assert (await other_models.get("/api/models")).json() == {"items": []}
    twice = await game(requests_per_minute=2)
    statuses = [(await twice.post("/api/llm/chat", json=HELLO)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    few = await game(tokens_per_minute=100)
    too_many = await few.post("/api/llm/chat", json={**HELLO, "max_tokens": 101})
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (429, "rate_limited")
    assert len(upstream.requests) == 2


async def test_reserved_tokens_are_settled_by_usage(game: Any, chat_portal: ChatPortal) -> None:
    client = await game(tokens_per_minute=100)
    for _ in range(4):
        alone = await client.post("/api/llm/chat", json={**HELLO, "max_tokens": 60})
        assert alone.status_code == 200, alone.text
        await asyncio.sleep(0.02)
        if alone.json()["usage"]["total_tokens"] * 4 > 40:
            break
    refused = await client.post("/api/llm/chat", json={**HELLO, "max_tokens": 90})
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1


async def test_a_key_without_the_scope_is_refused(game: Any) -> None:
    client = await game(scopes=["devices"])
    for path in ("/api/llm/chat", "/api/llm/chat/session"):
        assert (await client.post(path, json=HELLO)).status_code == 403
    assert (await client.get("/api/sessions")).status_code == 403


async def test_nobody_chats_without_a_credential(chat_portal: ChatPortal) -> None:
    async with httpx.AsyncClient(base_url=chat_portal.base_url) as stranger:
        for method, path in (
            ("POST", "/api/llm/chat"),
            ("GET", "/api/sessions"),
            ("GET", "/api/llm/turns/x"),
        ):
            assert (await stranger.request(method, path, json={})).status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_field_that_may_be_one_of_several_kinds_is_named_as_its_writer_knows_it(
    ada: httpx.AsyncClient,
) -> None:
    wrong = {"messages": [{"role": "user", "content": 5}], "tool_choice": "maybe"}
    fields = (await ada.post("/api/llm/chat", json=wrong)).json()["error"]["details"]["fields"]
    assert {field["field"] for field in fields} == {"messages.0.content", "tool_choice"}
    assert "valid string" in fields[0]["problem"] and "valid list" in fields[1]["problem"]


async def test_a_number_that_json_encoders_refuse_is_a_422_that_names_it(ada: httpx.AsyncClient) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}], "tools": [{"n": 2**70}]}
    for path in ("/api/llm/chat", "/api/llm/chat/stream"):
        answer = await ada.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert "64 bits" in answer.text
