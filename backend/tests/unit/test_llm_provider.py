"""The adapter: what it sends, what it reads, what it asks of each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from app.llm.errors import (
    ProviderUnreachableError,
)
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.providers.transport import Endpoint
from app.llm.types import Usage
from tests.fakes.asking import KEY, QUICK, ask, collect, failure, text_of
from tests.fakes.upstream import FakeUpstream, Recorded, Reply


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(api_key=KEY) as server:
        yield server


@pytest_asyncio.fixture
async def provider(upstream: FakeUpstream) -> AsyncIterator[OpenAICompatibleProvider]:
    adapter = OpenAICompatibleProvider("main", upstream.url, KEY, timeouts=QUICK)
    yield adapter
    await adapter.close()


async def test_a_stream_ends_with_usage(upstream: FakeUpstream, provider: OpenAICompatibleProvider) -> None:
    chunks = await collect(provider)
    assert text_of(chunks) == "You said: hello there"
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert chunks[-1].usage == Usage(prompt_tokens=9, completion_tokens=6)
    assert chunks[-1].server_timings is not None and chunks[-1].server_timings["prompt_n"] == 9


async def test_cached_tokens_are_read(provider: OpenAICompatibleProvider) -> None:
    await collect(provider, ask("a b c d"))
    chunks = await collect(provider, ask("a b c d"))
    assert chunks[-1].usage is not None and chunks[-1].usage.cached_tokens == 10


@pytest.mark.parametrize(
    "reply",
    [
        Reply(split_bytes=1),
        Reply(split_bytes=7, newline="\r\n"),
        Reply(split_bytes=3, comments=True),
        Reply(has_done=False),
    ],
    ids=["byte-by-byte", "crlf", "comments", "no-done"],
)
async def test_sse_parser_buffers_split_lines(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider, reply: Reply
) -> None:
    reply.text = "Grüße, 🐸 und 日本語!"
    upstream.queue(reply)
    assert text_of(await collect(provider)) == reply.text


async def test_temperature_zero_is_a_value(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    await collect(provider, ask(temperature=0, top_p=0.5, max_tokens=7, extra={"seed": 3}))
    body = upstream.requests[0].body
    assert body["temperature"] == 0
    assert (body["top_p"], body["max_tokens"], body["seed"]) == (0.5, 7, 3)
    assert "tools" not in body


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("llama.cpp", True), ("vllm", True), ("ollama", False), ("openai", False)],
)
async def test_thinking_is_switched_off_where_it_is_understood(kind: Any, expected: bool) -> None:
    async with FakeUpstream(kind=kind) as upstream:
        provider = OpenAICompatibleProvider("main", upstream.url + "/v1/", timeouts=QUICK)
        try:
            await collect(provider)
            assert provider.kind_name == ("generic" if kind == "openai" else kind)
            body = upstream.requests[0].body
            assert (body.get("chat_template_kwargs") == {"enable_thinking": False}) is expected
            assert "enable_thinking" not in body
            assert ("return_progress" in body) is (kind == "llama.cpp")
            assert (upstream.requests[0].headers.get("Connection") == "close") is (kind == "llama.cpp")
        finally:
            await provider.close()


@pytest.mark.parametrize(
    ("kind", "asked", "sent"),
    [
        ("ollama", {"max_completion_tokens": 7}, {"max_tokens": 7}),
        ("lm-studio", {"max_completion_tokens": 7, "max_tokens": None}, {"max_tokens": 7}),
        ("localai", {"max_completion_tokens": 7, "max_tokens": 5}, None),
        ("openai", {"max_tokens": 7}, {"max_completion_tokens": 7}),
        ("vllm", {"max_completion_tokens": 7}, None),
        ("generic", {"max_completion_tokens": 7}, None),
        ("generic", {"max_tokens": 7}, None),
    ],
)
async def test_how_long_an_answer_may_be_is_said_as_the_kind_understands_it(
    upstream: FakeUpstream, kind: Any, asked: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    """Ollama, LM Studio and LocalAI pass over the name that OpenAI's newer SDKs and LangChain use."""
    provider = OpenAICompatibleProvider("main", upstream.url, KEY, kind=kind, timeouts=QUICK)
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **asked}
    try:
        assert [piece async for piece in provider.relay("/v1/chat/completions", body, is_stream=False)]
    finally:
        await provider.close()
    found = {name: value for name, value in upstream.requests[0].body.items() if name.startswith("max_")}
    assert found == (asked if sent is None else sent)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "think"])
@pytest.mark.parametrize("split_bytes", [None, 5])
async def test_reasoning_goes_its_own_way(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider, field: Any, split_bytes: int | None
) -> None:
    upstream.queue(
        Reply(text="Answer now.", reasoning="I think hard.", reasoning_field=field, split_bytes=split_bytes)
    )
    chunks = await collect(provider)
    assert text_of(chunks) == "Answer now."
    assert "".join(chunk.reasoning for chunk in chunks) == "I think hard."


async def test_an_answer_in_parts_is_a_text_and_its_thinking(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    # as Mistral's models that think write it
    thought = [{"type": "text", "text": "I think "}, {"type": "text", "text": "hard."}]
    parts: list[Any] = [{"type": "thinking", "thinking": thought}, {"type": "text", "text": "Answer"}]
    events: list[Any] = [{"delta": {"content": delta}} for delta in ("", parts, " now.")]
    events.append({"delta": {}, "finish_reason": "stop"})
    raw = [b"data: " + orjson.dumps({"choices": [event]}) + b"\n\n" for event in events]
    upstream.queue(Reply(raw=b"".join(raw)))
    chunks = await collect(provider)
    assert text_of(chunks) == "Answer now."
    assert "".join(chunk.reasoning for chunk in chunks) == "I think hard."


async def test_tool_calls_come_through(upstream: FakeUpstream, provider: OpenAICompatibleProvider) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"x":1}'}}
    upstream.queue(Reply(text="", tool_calls=[call], finish_reason="tool_calls"))
    chunks = await collect(provider)
    pieces = [piece for chunk in chunks for piece in chunk.tool_calls or []]
    assert "".join(piece["function"]["arguments"] for piece in pieces) == '{"x":1}'
    assert chunks[-2].finish_reason == "tool_calls"


async def test_what_a_model_will_not_say_is_its_answer(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    deltas: list[Any] = [{"content": None, "refusal": "I "}, {"refusal": "will not."}, {}]
    choices = [{"delta": delta, "finish_reason": None if delta else "stop"} for delta in deltas]
    upstream.queue(
        Reply(raw=b"".join(b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n" for choice in choices))
    )
    assert text_of(await collect(provider)) == "I will not."


async def test_progress_is_told(upstream: FakeUpstream, provider: OpenAICompatibleProvider) -> None:
    upstream.queue(Reply(progress=[0.25, 1.0]))
    assert [chunk.progress for chunk in await collect(provider) if chunk.progress is not None] == [0.25, 1.0]


async def test_a_server_that_does_not_stream(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    whole = (
        b'{"model":"m","choices":[{"message":{"content":"<think>x</think>All"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":2,"completion_tokens":1}}'
    )
    upstream.queue(Reply(raw=whole, content_type="application/json"))
    chunks = await collect(provider)
    assert text_of(chunks) == "All"
    assert chunks[-1].usage is not None and chunks[-1].usage.prompt_tokens == 2


@pytest.mark.parametrize("kind", ["llama.cpp", "vllm"])
async def test_tokens_are_counted_by_the_server_and_remembered(kind: Any) -> None:
    async with FakeUpstream(kind=kind) as upstream:
        provider = OpenAICompatibleProvider("main", upstream.url, timeouts=QUICK)
        assert await provider.count_tokens("four small words here", "m") == 4
        assert await provider.count_tokens("four small words here", "m") == 4
        assert upstream.tokenize_calls == ["four small words here"]
        await provider.close()


async def test_models_tell_the_context_of_one_request() -> None:
    for kind, window in (("llama.cpp", 4096), ("vllm", 4096), ("ollama", None)):
        async with FakeUpstream(kind=kind, context_window=4096, has_vision=True) as upstream:  # type: ignore[arg-type]
            provider = OpenAICompatibleProvider("main", upstream.url, timeouts=QUICK)
            assert await provider.models() == [
                {"id": "fake-model", "context_window": window, "can_see": kind == "llama.cpp"}
            ]
            assert (await provider.check_health()).is_healthy
            upstream.is_healthy = False
            assert not (await provider.check_health()).is_healthy
            await provider.close()


async def test_the_address_may_change_and_the_client_is_one(upstream: FakeUpstream) -> None:
    provider = OpenAICompatibleProvider("embedded", kind="llama.cpp", timeouts=QUICK)
    _, error = await failure(provider)
    assert isinstance(error, ProviderUnreachableError) and error.retry_after_seconds
    provider.set_endpoint(upstream.url, KEY)
    await collect(provider)
    async with FakeUpstream(api_key="other") as second:
        provider.set_endpoint(second.url, "other")
        await collect(provider)
        assert len(second.requests) == 1
    provider.set_endpoint(None)
    await failure(provider)
    await provider.close()


async def test_no_client_and_no_probe_per_call(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    paths: list[str] = []

    def note(recorded: Recorded) -> Reply:
        paths.append(recorded.path)
        return Reply()

    upstream.respond = note
    for _ in range(5):
        await collect(provider)
    assert paths == ["/v1/chat/completions"] * 5
    assert upstream.other_paths == ["/props"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://openrouter.ai/api/v1", "openrouter"),
    ],
)
async def test_a_service_for_all_is_told_by_its_address_without_being_asked(address: str, kind: str) -> None:
    found = await OpenAICompatibleProvider("service")._detect(Endpoint.of(address))
    assert found.name == kind


@pytest.mark.parametrize("ending", ["", "/", "/chat/completions"])
async def test_an_address_may_end_in_another_version_than_openais(ending: str) -> None:
    async with FakeUpstream(kind="openai", prefix="/api/paas/v4") as upstream:
        adapter = OpenAICompatibleProvider("main", f"{upstream.url}/api/paas/v4{ending}", timeouts=QUICK)
        assert text_of(await collect(adapter)) == "You said: hello there"
        messages = [{"role": "user", "content": "Hi"}]
        pieces = adapter.relay("/v1/chat/completions", {"model": "m", "messages": messages}, is_stream=False)
        assert b"You said: Hi" in b"".join([piece async for piece in pieces])
        assert [model["id"] for model in await adapter.models()] == ["fake-model"]
        assert (await adapter.check_health()).is_healthy and adapter.kind_name == "generic"
        await adapter.close()
