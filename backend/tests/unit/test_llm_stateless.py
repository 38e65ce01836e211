"""Single asks: the same pipeline without a session; who goes away cancels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from app.llm.errors import ProviderRateLimitError, QueueFullError
from app.llm.turns import ChatRequest
from app.llm.types import ChatMessage, EngineSettings, Sampling
from tests.fakes.engine import ALICE, BOB, Engine, run_engine
from tests.fakes.upstream import Reply


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    async with run_engine() as running:
        yield running


def chat(text: str = "Hello", **fields: Any) -> ChatRequest:
    return ChatRequest(fields.pop("caller", ALICE), (ChatMessage("user", text),), **fields)


async def test_a_whole_answer(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="Hi", reasoning="Hm", finish_reason="length"))
    outcome = await engine.sessions.complete(chat(sampling=Sampling(temperature=0)))
    assert (outcome.content, outcome.reasoning, outcome.finish_reason) == ("Hi", "Hm", "length")
    assert outcome.usage is not None and outcome.model == "demo"
    assert engine.upstream.requests[0].body["temperature"] == 0
    assert engine.store.calls == []


async def test_a_stream_is_events_and_ends_with_done(engine: Engine) -> None:
    events = [orjson.loads(data) async for data in engine.sessions.stream(chat())]
    assert [event["content"] for event in events[:-1]] == ["You", " said", ":", " Hello"]
    assert set(events[0]) == {"content"}
    assert events[-1]["done"] is True and events[-1]["finish_reason"] == "stop"


async def test_tool_calls_are_put_together(engine: Engine) -> None:
    calls = [
        {"id": f"c{i}", "type": "function", "function": {"name": "look", "arguments": f'{{"x":{i}}}'}}
        for i in range(2)
    ]
    engine.upstream.queue(Reply(text="", tool_calls=calls, finish_reason="tool_calls"))
    tools = [{"type": "function", "function": {"name": "look"}}]
    outcome = await engine.sessions.complete(chat(sampling=Sampling(tools=tools)))
    assert outcome.tool_calls == calls
    assert engine.upstream.requests[0].body["tools"] == tools


async def test_the_usual_longest_answer_fits_into_the_context() -> None:
    async with run_engine(EngineSettings(max_tokens=8192), context_window=4096) as engine:
        await engine.sessions.complete(chat("word " * 1000))
        await engine.sessions.complete(chat(sampling=Sampling(max_tokens=5000)))
        first, second = (request.body["max_tokens"] for request in engine.upstream.requests)
        assert 2500 < first <= 4096 - 1000 - 64 and second == 5000


async def test_a_failure_is_raised_or_the_last_event(engine: Engine) -> None:
    engine.upstream.queue(Reply(status=429, retry_after="4"), Reply(cut_after=3))
    with pytest.raises(ProviderRateLimitError) as caught:
        await engine.sessions.complete(chat())
    assert caught.value.retry_after_seconds == 4
    events = [orjson.loads(data) async for data in engine.sessions.stream(chat(request_id="r9"))]
    assert events[0] == {"content": "You"}
    assert events[-1]["error"]["code"] == "stream_interrupted" and events[-1]["error"]["request_id"] == "r9"


async def test_a_client_that_leaves_closes_the_connection_within_a_second(engine: Engine) -> None:
    engine.upstream.default = Reply(text="word " * 500, chunk_delay_seconds=0.01)
    stream = engine.sessions.stream(chat())
    await anext(stream)
    left_at = time.monotonic()
    await stream.aclose()
    task = asyncio.create_task(engine.sessions.complete(chat()))
    await engine.upstream.wait_until(lambda: len(engine.upstream.requests) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await engine.upstream.wait_until(lambda: len(engine.upstream.aborted) == 2, 1)
    assert (engine.upstream.aborted[0].aborted_at or 0) - left_at < 1
    assert engine.upstream.active == 0


async def test_single_asks_and_sessions_share_one_gate() -> None:
    async with run_engine(EngineSettings(max_concurrency=1, max_queued=1)) as engine:
        engine.upstream.queue(Reply(stall_before_first=True))
        holder = asyncio.create_task(engine.say("slow"))
        await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
        stream = engine.sessions.stream(chat(caller=BOB))
        assert orjson.loads(await anext(stream)) == {"queued": 1}
        with pytest.raises(QueueFullError):
            await engine.sessions.complete(chat(caller=BOB))
        await engine.sessions.cancel(next(iter(engine.store.turns)))
        rest = [orjson.loads(data) async for data in stream]
        assert rest[0] == {"queued": 0} and rest[-1]["done"]
        await holder
