"""The adapter against a real local server that stalls, refuses, cuts and garbles: each becomes a typed error."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from app.llm.errors import (
    ContextOverflowError,
    LLMError,
    ProviderAuthenticationError,
    ProviderProtocolError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    StreamInterruptedError,
    UnknownModelError,
)
from app.llm.providers import openai_compatible, sse
from app.llm.providers.base import Timeouts
from app.llm.providers.guarded import is_servers_fault
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from tests.fakes.asking import KEY, QUICK, ask, collect, failure, text_of
from tests.fakes.upstream import FakeUpstream, Reply


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(api_key=KEY) as server:
        yield server


@pytest_asyncio.fixture
async def provider(upstream: FakeUpstream) -> AsyncIterator[OpenAICompatibleProvider]:
    adapter = OpenAICompatibleProvider("main", upstream.url, KEY, timeouts=QUICK)
    yield adapter
    await adapter.close()


@pytest.mark.parametrize(
    ("status", "error", "kind", "is_retryable"),
    [
        (401, None, ProviderAuthenticationError, False),
        (403, None, ProviderAuthenticationError, False),
        (404, {"message": "no such model"}, UnknownModelError, False),
        (400, {"message": f"bad grammar at http://x with {KEY}"}, ProviderRejectedError, False),
        (422, "a plain string", ProviderRejectedError, False),
        (429, None, ProviderRateLimitError, True),
        (500, None, LLMError, True),
        (503, {"message": "Loading model"}, ProviderUnreachableError, True),
        (308, None, LLMError, True),
    ],
)
async def test_status_becomes_a_typed_error(
    upstream: FakeUpstream,
    provider: OpenAICompatibleProvider,
    status: int,
    error: Any,
    kind: type[LLMError],
    is_retryable: bool,
) -> None:
    if isinstance(error, dict) and "http://x" in error["message"]:
        error = {"message": error["message"].replace("http://x", upstream.url)}
    upstream.queue(Reply(status=status, error=error, retry_after="7"))
    text, raised = await failure(provider)
    assert (text, type(raised), raised.status, raised.is_retryable) == ("", kind, status, is_retryable)
    assert raised.provider == "main"
    if status == 429:
        assert raised.retry_after_seconds == 7
    if status == 308:
        assert "address leads on to another one" in raised.message
    if status == 400:
        assert "bad grammar" in raised.message


async def test_context_overflow_has_both_figures(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.context_window = 5
    _, error = await failure(provider)
    assert isinstance(error, ContextOverflowError)
    assert error.details == {"prompt_tokens": 9, "context_window": 5}
    assert "9" in error.message and "5" in error.message


@pytest.mark.parametrize(
    ("reply", "wait", "text"),
    [
        (Reply(stall_before_headers=True), "answer", ""),
        (Reply(stall_before_first=True), "first_token", ""),
        (Reply(stall_after=3), "chunk", "You said"),
    ],
)
async def test_each_wait_has_its_own_timeout(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider, reply: Reply, wait: str, text: str
) -> None:
    upstream.queue(reply)
    started = time.monotonic()
    came, error = await failure(provider)
    assert isinstance(error, ProviderTimeoutError)
    assert error.details == {"wait": wait}
    assert came == text
    assert 0.2 < time.monotonic() - started < 2
    await upstream.wait_until(lambda: upstream.active == 0 or bool(upstream.aborted), 1)


async def test_the_whole_answer_has_a_limit(upstream: FakeUpstream) -> None:
    limits = Timeouts(first_token_seconds=1, chunk_seconds=1, total_seconds=0.3)
    provider = OpenAICompatibleProvider("main", upstream.url, KEY, timeouts=limits, kind="llama.cpp")
    upstream.queue(Reply(text="a b c d e f g h i j k l m", chunk_delay_seconds=0.05))
    try:
        came, error = await failure(provider)
        assert error.details == {"wait": "total"}
        assert came.startswith("a b")
    finally:
        await provider.close()


async def test_a_long_prefill_with_progress_is_no_hang(upstream: FakeUpstream) -> None:
    limits = Timeouts(first_token_seconds=0.6, total_seconds=30)
    provider = OpenAICompatibleProvider("main", upstream.url, KEY, timeouts=limits)
    upstream.queue(Reply(progress=[0.2, 0.4, 0.6, 0.8], progress_delay_seconds=0.2))
    try:
        assert text_of(await collect(provider)) == "You said: hello there"
    finally:
        await provider.close()


async def test_a_slow_reader_is_not_taken_for_a_silent_server(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(Reply(text="one two three", chunk_delay_seconds=0.01))
    text = ""
    async with aclosing(provider.stream(ask())) as stream:
        async for chunk in stream:
            text += chunk.content
            if text == "one":
                await asyncio.sleep(0.4)
    assert text == "one two three"


async def test_a_cut_in_the_middle_keeps_what_came(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(Reply(cut_after=4))
    text, error = await failure(provider)
    assert isinstance(error, StreamInterruptedError)
    assert text == "You said:"


async def test_an_end_without_finish_reason_is_a_cut(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(Reply(raw=b'data: {"choices":[{"delta":{"content":"Hal"}}]}\n\n'))
    text, error = await failure(provider)
    assert (text, type(error)) == ("Hal", StreamInterruptedError)


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {broken\n\n",
        b"data: [1, 2]\n\n",
        b'data: {"choices": 3}\n\n',
        b'data: {"choices": [{"delta": "x"}]}\n\n',
        b"\xff\xfe\x00data: \x00\n\n",
        b"<html>It works!</html>",
    ],
)
async def test_malformed_bytes_are_a_typed_error(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider, raw: bytes
) -> None:
    upstream.queue(Reply(raw=raw))
    text, error = await failure(provider)
    assert text == ""
    assert isinstance(error, ProviderProtocolError | ProviderUnreachableError)


async def test_an_error_object_inside_the_stream(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(
        Reply(error_after=3, error={"code": 500, "message": "out of memory", "type": "server_error"})
    )
    text, error = await failure(provider)
    assert (text, type(error), error.status) == ("You said", LLMError, 500)
    assert "out of memory" in error.message


async def test_a_closed_socket_is_tried_once_more(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(Reply(close_before_bytes=True))
    assert text_of(await collect(provider)) == "You said: hello there"
    upstream.queue(Reply(close_before_bytes=True), Reply(close_before_bytes=True))
    _, error = await failure(provider)
    assert isinstance(error, ProviderUnreachableError)
    assert len(upstream.requests) == 4


async def test_nobody_listens() -> None:
    async with FakeUpstream() as gone:
        url = gone.url
    provider = OpenAICompatibleProvider("main", url, KEY, timeouts=QUICK)
    try:
        _, error = await failure(provider)
        assert isinstance(error, ProviderUnreachableError) and error.is_retryable
        health = await provider.check_health()
        assert not health.is_healthy and "127.0.0.1" not in health.message
        assert await provider.count_tokens("text", "m") is None
    finally:
        await provider.close()


@pytest.mark.parametrize(
    ("is_stream", "content_type", "piece", "kind"),
    [
        (True, "text/event-stream", b": busy\n\n", ProviderTimeoutError),
        (False, "application/json", b"  \n", ProviderTimeoutError),
        (True, "text/event-stream", b"data: " + b"x" * 40_000, ProviderProtocolError),
        (False, "application/json", b"{" + b"x" * 40_000, ProviderProtocolError),
    ],
)
async def test_what_says_nothing_for_ever_is_waited_for_no_longer_than_an_answer(
    monkeypatch: pytest.MonkeyPatch, is_stream: bool, content_type: str, piece: bytes, kind: type[LLMError]
) -> None:
    monkeypatch.setattr(openai_compatible, "_MAX_BYTES", 100_000)
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 50_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        while True:
            await response.write(piece)
            await asyncio.sleep(0.01)

    quick = Timeouts(connect_seconds=1, first_token_seconds=0.2, chunk_seconds=0.2, total_seconds=0.3)
    quick = quick if kind is ProviderTimeoutError else Timeouts()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endless)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    provider = OpenAICompatibleProvider("main", url, kind="generic", timeouts=quick)
    try:
        with pytest.raises(kind) as refused:
            async with asyncio.timeout(5):
                await anext(provider.relay("/v1/chat/completions", {"messages": []}, is_stream=is_stream))
        assert refused.value.is_retryable  # elsewhere: nothing was said yet
    finally:
        await provider.close()
        await runner.cleanup()


async def test_an_image_for_a_model_without_eyes_is_the_askers_mistake(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    """llama.cpp answers 500: taken as the server's failure, anybody could have it left alone for all."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    for content, is_rejected in (([picture], True), ("no image", False)):
        await provider.models()  # it has said what it takes
        upstream.queue(Reply(status=500))
        body = {"messages": [{"role": "user", "content": content}]}
        with pytest.raises(LLMError) as refused:
            await anext(provider.relay("/v1/chat/completions", body, is_stream=False))
        assert isinstance(refused.value, ProviderRejectedError) is is_rejected
        assert is_servers_fault(refused.value) is not is_rejected


@pytest.mark.parametrize(
    ("scheme", "host", "words"),
    [
        ("https", None, "Is its address one of http?"),
        ("http", "nobody.invalid", "Nobody knows the name"),
        ("https", "nobody.invalid", "Nobody knows the name"),
    ],
)
async def test_a_mistake_in_the_address_is_named(
    upstream: FakeUpstream, scheme: str, host: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, asked = socket.getaddrinfo, []

    def look_up(name: str, *more: Any, **options: Any) -> Any:
        """Answer as name servers do where there are any; without, it takes them seconds to say nothing."""
        asked.append(name)
        if name == "nobody.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return system(name, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    host = host or upstream.url.removeprefix("http://")
    provider = OpenAICompatibleProvider("main", f"{scheme}://{host}", KEY, kind="generic", timeouts=QUICK)
    try:
        with pytest.raises(ProviderUnreachableError, match=re.escape(words)) as refused:
            await anext(provider.relay("/v1/chat/completions", {"messages": []}, is_stream=False))
        assert host not in refused.value.message
        assert words in (await provider.check_health()).message
        assert host.startswith("127.0.0.1") or host in asked
    finally:
        await provider.close()


async def test_closing_the_iterator_closes_the_connection_within_a_second(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.queue(Reply(text="word " * 500, chunk_delay_seconds=0.01))
    stream = provider.stream(ask())
    async for chunk in stream:
        if chunk.content:
            break
    left_at = time.monotonic()
    await stream.aclose()
    await upstream.wait_until(lambda: bool(upstream.aborted), 1)
    assert upstream.aborted[0].aborted_at is not None
    assert upstream.aborted[0].aborted_at - left_at < 1


@pytest.mark.parametrize("reply", [Reply(stall_before_headers=True), Reply(stall_before_first=True)])
async def test_cancelling_before_the_first_token_closes_the_connection(
    upstream: FakeUpstream, reply: Reply
) -> None:
    provider = OpenAICompatibleProvider("main", upstream.url, KEY)
    upstream.queue(reply)
    task = asyncio.create_task(collect(provider))
    await upstream.wait_until(lambda: bool(upstream.requests))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.wait_until(lambda: bool(upstream.aborted), 1)
    await provider.close()
