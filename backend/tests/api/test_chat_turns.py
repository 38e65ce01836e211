"""Turns over HTTP: streams, resume, cancel, order, failures, retries, idempotency."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from app.coord.local_logs import LocalLogs
from tests.api.chat_portal import ChatPortal, read_stream, say
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

STREAM = "/api/llm/chat/session/stream"


async def start_slow(
    client: httpx.AsyncClient, upstream: FakeUpstream, session_id: str = "s"
) -> dict[str, Any]:
    """Begin a turn that stalls in the middle of its answer, and leave its stream."""
    upstream.queue(Reply(chunks=["one ", "two ", "three"], stall_after=3))
    body = {"session_id": session_id, "message": "count"}
    stream = await read_stream(client, "POST", STREAM, json=body, until=3)
    return stream.events[0][1]


async def test_a_turn_answers_with_everything_the_contract_names(ada: httpx.AsyncClient) -> None:
    answer = await say(ada, "s", "Hello!", temperature=0, top_p=0.5, max_tokens=7)
    assert answer["response"] == "You said: Hello!"
    assert (
        answer["session_id"] == "s" and answer["finish_reason"] == "stop" and answer["model"] == "fake-model"
    )
    assert set(answer["usage"]) == {
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "cached_tokens",
        "reasoning_tokens",
    }
    turn = (await ada.get(f"/api/llm/turns/{answer['turn_id']}")).json()
    assert (turn["status"], turn["error"], turn["session_id"]) == ("done", None, "s")
    assert set(turn["timings"]) == {"queued_ms", "ttft_ms", "total_ms", "tokens_per_second"}
    assert turn["created_at"] <= turn["started_at"] <= turn["finished_at"]
    ledger = (await ada.get(f"/api/llm/turns/{answer['turn_id']}/ledger")).json()
    assert ledger["turn_id"] == answer["turn_id"]
    assert (ledger["messages_sent"], ledger["messages_dropped"], ledger["trimmed"]) == (1, [], False)
    assert ledger["prompt_tokens_reported"] == answer["usage"]["prompt_tokens"]
    assert [attempt["status"] for attempt in ledger["attempts"]] == ["done"]


async def test_after_a_reload_a_message_still_says_how_it_ended_and_how_long_it_was_thought_about(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(text="Half an ans", reasoning="Hm", finish_reason="length"))
    await say(ada, "s", "Hello!")
    question, answer = (await ada.get("/api/sessions/s")).json()["messages"]
    assert (question["finish_reason"], answer["finish_reason"]) == (None, "length")
    assert 0 <= answer["timings"]["reasoning_ms"] <= answer["timings"]["total_ms"]


async def test_temperature_zero_reaches_the_model(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    await say(ada, "s", "Hello!", temperature=0)
    await ada.post("/api/llm/chat", json={"messages": [{"role": "user", "content": "x"}], "temperature": 0})
    assert [request.body["temperature"] for request in upstream.requests] == [0, 0]


async def test_a_stream_begins_with_ids_and_ends_with_done(ada: httpx.AsyncClient) -> None:
    stream = await read_stream(ada, "POST", STREAM, json={"session_id": "s", "message": "Hi"})
    assert stream.status == 200
    assert stream.numbers == list(range(1, len(stream.numbers) + 1))
    first = stream.events[0][1]
    assert set(first) == {"session_id", "turn_id", "user_message_id", "assistant_message_id"}
    assert stream.text == "You said: Hi"
    contents = [data for _, data in stream.events if "content" in data]
    assert all(data["turn_id"] == first["turn_id"] and data["session_id"] == "s" for data in contents)
    assert set(stream.last) == {"done", "usage", "model", "finish_reason", "timings"}
    assert [number for number, data in stream.events if "done" in data] == [stream.numbers[-1]]


async def test_a_reader_that_comes_back_gets_exactly_the_rest_byte_for_byte(
    ada: httpx.AsyncClient, upstream: FakeUpstream, chat_portal: ChatPortal
) -> None:
    upstream.queue(Reply(text="one two three four", reasoning="hm hm", chunk_delay_seconds=0.03))
    body = {"session_id": "s", "message": "count"}
    begun = await read_stream(ada, "POST", STREAM, json=body, until=4)
    events = f"/api/llm/turns/{begun.events[0][1]['turn_id']}/events"
    after = begun.numbers[3]
    resumed, whole = await asyncio.gather(
        read_stream(ada, "GET", events, headers={"last-event-id": str(after)}),
        read_stream(ada, "GET", events),
    )
    assert resumed.numbers[0] == after + 1
    assert whole.raw.endswith(resumed.raw) and "done" in resumed.last
    assert whole.events == begun.events[:4] + resumed.events
    later = await read_stream(ada, "GET", events, params={"after": after})
    assert later.raw == resumed.raw
    logs = chat_portal.runtime.coord.logs
    assert isinstance(logs, LocalLogs)
    logs.discard(begun.events[0][1]["turn_id"])
    from_database = await read_stream(ada, "GET", events)
    assert from_database.raw == whole.raw
    rest = await read_stream(ada, "GET", events, params={"after": after})
    assert rest.raw == resumed.raw
    nothing = await read_stream(ada, "GET", events, params={"after": whole.numbers[-1]})
    assert nothing.raw == b""


async def test_leaving_the_page_does_not_stop_a_turn(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(text="a b c d e f", chunk_delay_seconds=0.03))
    left = await read_stream(ada, "POST", STREAM, json={"session_id": "s", "message": "go on"}, until=3)
    turn_id = left.events[0][1]["turn_id"]
    rest = await read_stream(ada, "GET", f"/api/llm/turns/{turn_id}/events")
    assert rest.text == "a b c d e f"
    assert upstream.aborted == []


async def test_stop_keeps_the_partial_and_closes_the_upstream_within_a_second(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    started = await start_slow(ada, upstream)
    path = f"/api/llm/turns/{started['turn_id']}"
    detail = (await ada.get("/api/sessions/s")).json()
    assert detail["active_turn"]["id"] == detail["active_turn_id"] == started["turn_id"]
    stopped_at = time.monotonic()
    cancelled = await ada.post(f"{path}/cancel")
    assert cancelled.json() == {"ok": True, "status": "cancelled"}
    await upstream.wait_until(lambda: bool(upstream.aborted), seconds=1)
    assert time.monotonic() - stopped_at < 1
    events = await read_stream(ada, "GET", f"{path}/events")
    assert (events.last["done"], events.last["finish_reason"]) == (True, "cancelled")
    messages = (await ada.get("/api/sessions/s")).json()["messages"]
    assert (messages[1]["status"], messages[1]["content"]) == (
        "stopped",
        "one two three"[: len(messages[1]["content"])],
    )
    assert messages[1]["content"].startswith("one two")
    assert (await ada.post(f"{path}/cancel")).json() == {"ok": True, "status": "cancelled"}
    await say(ada, "s", "next")
    sent = [message["content"] for message in upstream.requests[-1].body["messages"]]
    assert sent == ["count", messages[1]["content"], "next"]


async def test_parallel_turns_of_one_session_do_not_interleave(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(first_delay_seconds=0.05)
    answers = await asyncio.gather(*(say(ada, "s", f"m{number}") for number in range(4)))
    assert upstream.max_active == 1
    history = (await ada.get("/api/llm/chat/session/s/history")).json()["messages"]
    contents = [message["content"] for message in history]
    assert len(contents) == 8
    for question, answer in zip(contents[::2], contents[1::2], strict=True):
        assert answer == f"You said: {question}"
    last = max(upstream.requests, key=lambda request: len(request.body["messages"]))
    assert [message["role"] for message in last.body["messages"]] == ["user", "assistant"] * 3 + ["user"]
    assert {answer["response"] for answer in answers} == {f"You said: m{number}" for number in range(4)}


async def test_a_slow_session_stalls_nobody_else(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    await start_slow(ada, upstream, "slow")
    started_at = time.monotonic()
    for client, session_id in ((ada, "other"), (eve, "slow")):
        await say(client, session_id, "quick")
        await client.get("/api/sessions")
        await client.get("/api/llm/health")
    assert time.monotonic() - started_at < 2


async def test_too_many_turns_in_a_session_are_told_so(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    await start_slow(ada, upstream)
    waiting = [
        asyncio.create_task(
            read_stream(ada, "POST", STREAM, json={"session_id": "s", "message": str(number)}, until=1)
        )
        for number in range(8)
    ]
    await asyncio.gather(*waiting)
    refused = await ada.post("/api/llm/chat/session", json={"session_id": "s", "message": "one too many"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "session_busy")
    assert int(refused.headers["retry-after"]) >= 1
    assert "one too many" not in (await ada.get("/api/sessions/s")).text


async def test_a_failed_turn_keeps_its_partial_leaves_no_half_pair_and_can_be_retried(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    await say(ada, "s", "q0")
    upstream.queue(Reply(chunks=["half ", "an ", "answer"], cut_after=3))
    failed = await ada.post("/api/llm/chat/session", json={"session_id": "s", "message": "q1"})
    error = failed.json()["error"]
    assert (failed.status_code, error["code"]) == (502, "stream_interrupted")
    turn = (await ada.get(f"/api/llm/turns/{error['details']['turn_id']}")).json()
    assert (turn["status"], turn["error"]["code"]) == ("failed", "stream_interrupted")
    message = (await ada.get("/api/sessions/s")).json()["messages"][-1]
    assert message["status"] == "failed" and message["content"].startswith("half an")
    assert message["error"] == turn["error"] and error["message"] not in message["content"]
    events = await read_stream(ada, "GET", f"/api/llm/turns/{turn['id']}/events")
    assert events.last["error"]["code"] == "stream_interrupted"
    await say(ada, "s", "q2")
    sent = [item["content"] for item in upstream.requests[-1].body["messages"]]
    assert sent == ["q0", "You said: q0", "q2"]
    retried = await say(ada, "s", None, regenerate_of=turn["assistant_message_id"])
    assert retried["response"] == "You said: q1"
    sent = [item["content"] for item in upstream.requests[-1].body["messages"]]
    assert sent == ["q0", "You said: q0", "q1"]


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (Reply(status=500), 502, "upstream_error"),
        (Reply(status=401), 502, "upstream_authentication"),
        (Reply(status=429, retry_after="7"), 429, "upstream_rate_limited"),
        (Reply(status=400), 400, "upstream_rejected"),
        (Reply(malformed_after=1, text="x y"), 502, "upstream_protocol"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_the_model_server_says_becomes_a_clear_status(
    ada: httpx.AsyncClient, upstream: FakeUpstream, reply: Reply, status: int, code: str
) -> None:
    upstream.default = reply
    in_session = await ada.post("/api/llm/chat/session", json={"session_id": "s", "message": "q"})
    alone = await ada.post("/api/llm/chat", json={"messages": [{"role": "user", "content": "q"}]})
    for answer in (in_session, alone):
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert upstream.url.removeprefix("http://") not in answer.text
    if reply.retry_after:
        assert in_session.headers["retry-after"] == alone.headers["retry-after"] == "7"


async def test_a_prompt_that_cannot_fit_is_413_with_both_figures(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/api/llm/chat/session", json={"session_id": "s", "message": "word " * 12_000})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "context_overflow")
    needed, budget = error["details"]["prompt_tokens"], error["details"]["budget_tokens"]
    assert needed >= 12_000 > budget
    assert str(needed) in error["message"] and str(budget) in error["message"]


async def test_an_idempotency_key_answers_with_the_same_turn(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    headers = {"idempotency-key": "order-66"}
    body = {"session_id": "s", "message": "once"}
    first, second = await asyncio.gather(
        ada.post("/api/llm/chat/session", json=body, headers=headers),
        ada.post("/api/llm/chat/session", json=body, headers=headers),
    )
    later = await ada.post("/api/llm/chat/session", json=body, headers=headers)
    streamed = await read_stream(ada, "POST", STREAM, json=body, headers=headers)
    assert first.json() == second.json() == later.json()
    assert streamed.events[0][1]["turn_id"] == first.json()["turn_id"] and streamed.text == "You said: once"
    assert len(upstream.requests) == 1
    other = await ada.post("/api/llm/chat/session", json={**body, "message": "twice"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")


async def test_a_changed_system_prompt_takes_effect_on_that_turn(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    for prompt in ("Be brief.", "Be long.", None):
        more = {"system_prompt": prompt} if prompt else {}
        await say(ada, "s", "q", **more)
    heads = [request.body["messages"][0] for request in upstream.requests]
    assert [head["content"] for head in heads] == ["Be brief.", "Be long.", "Be long."]
    assert {head["role"] for head in heads} == {"system"}


async def test_thinking_goes_its_own_way(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(text="four", reasoning="two and two", reasoning_field="think"))
    answer = await say(ada, "s", "2+2?")
    assert answer["response"] == "four"
    assert "think" not in (await ada.get("/api/sessions/s")).json()["messages"][1]["content"]


async def test_restarting_the_portal_goes_on_with_the_session(
    ada: httpx.AsyncClient, upstream: FakeUpstream, chat_portal: ChatPortal
) -> None:
    started = await start_slow(ada, upstream)
    await chat_portal.runtime.sessions.close(1.0)
    turn = (await ada.get(f"/api/llm/turns/{started['turn_id']}")).json()
    assert (turn["status"], turn["error"]["code"]) == ("failed", "interrupted")
    messages = (await ada.get("/api/sessions/s")).json()["messages"]
    assert (messages[1]["status"], messages[1]["content"][:7]) == ("failed", "one two")
    # who has seen events that went with the process is told the end all the same
    rest = await ada.get(f"/api/llm/turns/{started['turn_id']}/events", headers={"last-event-id": "999"})
    assert "id: 1000" in rest.text and '"interrupted"' in rest.text
