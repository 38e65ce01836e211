"""`/v1` over several targets: until the first content another one is asked, after it nothing is said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from app.kit.clock import SystemClock
from app.llm.errors import (
    LLMError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    StreamInterruptedError,
)
from app.llm.in_flight import InFlight
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.relay import Relay, RelayCall, Relayed
from app.llm.retries import Retries
from app.llm.routing import Target
from app.llm.runner import Runner
from app.llm.types import Caller, EngineSettings
from tests.fakes.upstream import FakeUpstream, Reply

BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello!"}]}


@dataclass
class Routes:
    targets: list[Target]

    def candidates(self, model: str | None, caller: Caller, *more: Any, **named: Any) -> Sequence[Target]:
        return self.targets


@dataclass
class Pair:
    """Two servers behind one name."""

    first: FakeUpstream
    second: FakeUpstream
    relay: Relay

    async def open(self, *, is_stream: bool = True, deadline_seconds: float | None = None) -> Relayed:
        body = {**BODY, "stream": is_stream}
        return await self.relay.open(
            RelayCall("/v1/chat/completions", body, is_stream, Caller(1), deadline_seconds=deadline_seconds)
        )

    async def ask(self, *, is_stream: bool = True) -> bytes:
        return await (await self.open(is_stream=is_stream)).whole()


def relay_over(
    upstreams: Sequence[FakeUpstream], stack: AsyncExitStack, max_retries: int = 0, **timeouts: float
) -> Relay:
    targets = []
    for number, upstream in enumerate(upstreams):
        provider = OpenAICompatibleProvider(
            f"t{number}", upstream.url, kind="vllm", timeouts=Timeouts(**timeouts)
        )
        stack.push_async_callback(provider.close)
        targets.append(Target(f"t{number}", provider, "fake-model", "fake-model"))
    clock = SystemClock()
    routes: Any = Routes(targets)
    return Relay(Runner(routes, EngineSettings(max_retries=max_retries), clock), clock, InFlight(clock))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def pair(stack: AsyncExitStack) -> Pair:
    first, second = [await stack.enter_async_context(FakeUpstream(kind="vllm")) for _ in range(2)]
    return Pair(first, second, relay_over([first, second], stack))


@pytest.mark.parametrize(
    "failing",
    [
        Reply(cut_after=1),  # after the chunk that has the role alone
        Reply(error_after=1),
        Reply(status=503),
        Reply(status=429),
        Reply(close_before_bytes=True),
        Reply(malformed_after=0),
    ],
    ids=["cut", "error", "away", "busy", "closed", "malformed"],
)
async def test_what_fails_before_the_first_content_is_asked_of_the_next(pair: Pair, failing: Reply) -> None:
    pair.first.queue(failing, failing)
    answer = await pair.ask()
    assert answer.count(b'"You"') == 1 and len(pair.second.requests) == 1


async def test_a_stream_cut_in_the_middle_never_repeats_text(pair: Pair) -> None:
    pair.first.queue(Reply(chunks=["One ", "two ", "three"], stall_after=2))
    answer = await pair.open()
    pieces = answer.pieces()
    assert b"One " in await anext(pieces)
    await pair.first.stop()
    with pytest.raises(StreamInterruptedError):
        async for piece in pieces:
            assert b"One " not in piece
    await answer.aclose()
    assert pair.second.requests == []


async def test_a_whole_answer_that_breaks_is_asked_of_the_next(pair: Pair) -> None:
    pair.first.queue(Reply(close_before_bytes=True), Reply(close_before_bytes=True))
    assert b"You said" in await pair.ask(is_stream=False)
    assert len(pair.second.requests) == 1


async def test_a_request_that_is_wrong_is_asked_of_nobody_else(pair: Pair) -> None:
    pair.first.queue(Reply(status=400))
    with pytest.raises(ProviderRejectedError):
        await pair.ask()
    assert pair.second.requests == []


async def test_a_slow_first_token_is_no_error_when_the_settings_allow_it(stack: AsyncExitStack) -> None:
    """Scaled down a hundredfold: the wait between chunks is 0.2 s, the first token takes 0.6 s and may take 1.2 s."""
    slow = await stack.enter_async_context(FakeUpstream(kind="vllm"))
    slow.queue(Reply(first_delay_seconds=0.6), Reply(first_delay_seconds=0.6))
    relay = relay_over([slow], stack, first_token_seconds=1.2, chunk_seconds=0.2)
    assert b"You" in await Pair(slow, slow, relay).ask()
    hasty = relay_over([slow], stack, first_token_seconds=0.3, chunk_seconds=0.2)
    with pytest.raises(ProviderTimeoutError):
        await Pair(slow, slow, hasty).ask()


@pytest.mark.parametrize("is_stream", [True, False])
async def test_the_server_sees_an_abort_within_a_second(pair: Pair, is_stream: bool) -> None:
    pair.first.queue(Reply(stall_before_headers=True) if not is_stream else Reply(stall_before_first=True))
    asking = asyncio.create_task(pair.open(is_stream=is_stream))
    await pair.first.wait_until(lambda: pair.first.active == 1)
    asking.cancel()
    await pair.first.wait_until(lambda: bool(pair.first.aborted), 1)


async def test_a_server_that_is_busy_for_a_moment_is_asked_again(stack: AsyncExitStack) -> None:
    one = await stack.enter_async_context(FakeUpstream(kind="vllm"))
    one.queue(Reply(status=503), Reply(status=429, retry_after="0"))
    alone = Pair(one, one, relay_over([one], stack, max_retries=2))
    assert b"You" in await alone.ask()
    assert len(one.requests) == 3
    one.queue(Reply(status=429, retry_after="7"))
    with pytest.raises(ProviderRateLimitError) as busy:
        await alone.ask()
    assert busy.value.retry_after_seconds == 7 and len(one.requests) == 4


def test_pauses_are_jittered_bounded_and_within_the_deadline() -> None:
    retries = Retries(most=3, base_seconds=0.5, longest_seconds=1.5)
    away = ProviderUnreachableError("away", is_retryable=True)
    bounds = [retries.pause(away, done, None, lambda: 1.0) for done in range(4)]
    assert bounds == [0.5, 1.0, 1.5, None]
    assert retries.pause(away, 0, None, lambda: 0.1) == pytest.approx(0.05)
    assert retries.pause(away, 0, 0.4, lambda: 1.0) is None
    asked = ProviderRateLimitError("busy", is_retryable=True, retry_after_seconds=1.2)
    assert retries.pause(asked, 0, None, lambda: 0.0) == 1.2
    long = ProviderRateLimitError("busy", is_retryable=True, retry_after_seconds=30)
    assert retries.pause(long, 0, None) is None
    for unsafe in (
        ProviderTimeoutError("slow", is_retryable=True),
        LLMError("failed", is_retryable=True, status=500),
        StreamInterruptedError("cut", is_retryable=True),
    ):
        assert retries.pause(unsafe, 0, None) is None
