"""The engine on the real llama.cpp and the demo model: streams, exact counts, the prompt cache, cancel, overflow, a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from app.config import Settings
from app.coord.base import LockQueueFullError, LockTimeoutError
from app.coord.factory import create_coord
from app.embedded.supervisor import EmbeddedServer
from app.kit.ids import new_id
from app.llm.errors import ContextOverflowError, LLMError, ProviderRejectedError
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.routing import Target
from app.llm.sessions import SessionManager
from app.llm.turns import TurnOutcome, TurnRequest
from app.llm.types import Caller, ChatMessage, Chunk, CompletionRequest, EngineSettings, Sampling
from tests.fakes.store import FakeStore

pytestmark = pytest.mark.live

MODEL = "prompt-portal-demo"
CONTEXT = 1024
# The answer fills the whole context: no end of text is taken for one.
ENDLESS = Sampling(max_tokens=100_000, extra={"ignore_eos": True})
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SYSTEM = "You are a helpful assistant of the Prompt Portal."


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    # One slot: which of several has a session's prefix is llama.cpp's choice, and no matter of these tests.
    settings = Settings(_env_file=None, llm_server_url="", llm_context_tokens=CONTEXT, llm_max_concurrency=1)
    embedded = EmbeddedServer(settings)
    await embedded.start()
    try:
        assert await embedded.wait_ready(30), embedded.status
        yield embedded
    finally:
        await embedded.stop()


@pytest_asyncio.fixture
async def provider(server: EmbeddedServer) -> AsyncIterator[OpenAICompatibleProvider]:
    adapter = OpenAICompatibleProvider("embedded")
    server.on_change(lambda _: adapter.set_endpoint(*(server.address or (None, ""))))
    adapter.set_endpoint(*(server.address or (None, "")))
    yield adapter
    await adapter.close()


class OneRoute:
    def __init__(self, target: Target) -> None:
        self.target = target

    def candidates(self, model: str | None, caller: Caller, needs: object = None) -> Sequence[Target]:
        return [self.target]


@asynccontextmanager
async def engine(
    provider: OpenAICompatibleProvider, **settings: Any
) -> AsyncIterator[tuple[SessionManager, FakeStore]]:
    store = FakeStore()
    coord = create_coord("", shared_name=new_id())
    await coord.start()
    sessions = SessionManager(
        store,
        coord,
        OneRoute(Target("embedded", provider, MODEL, MODEL, CONTEXT)),
        EngineSettings(**{"temperature": 0, "max_tokens": 40, **settings}),
        lock_full=LockQueueFullError,
        lock_timeout=LockTimeoutError,
    )
    await sessions.start()
    try:
        yield sessions, store
    finally:
        await sessions.close()
        await coord.close()


def ask(message: str, **fields: Any) -> TurnRequest:
    return TurnRequest(Caller(1), "s", message, system_prompt=SYSTEM, **fields)


def request(text: str, max_tokens: int = 40) -> CompletionRequest:
    messages = (ChatMessage("system", SYSTEM), ChatMessage("user", text))
    return CompletionRequest(MODEL, messages, Sampling(temperature=0, max_tokens=max_tokens))


async def collect(provider: OpenAICompatibleProvider, asked: CompletionRequest) -> list[Chunk]:
    async with aclosing(provider.stream(asked)) as stream:
        return [chunk async for chunk in stream]


async def busy_slots(server: EmbeddedServer) -> int:
    assert server.address is not None
    url, key = server.address
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as client, client.get(f"{url}/slots") as answer:
        return sum(slot["is_processing"] for slot in await answer.json())


async def test_a_stream_has_text_usage_and_timings(provider: OpenAICompatibleProvider) -> None:
    chunks = await collect(provider, request("Hello!"))
    assert provider.kind_name == "llama.cpp"
    assert len("".join(chunk.content for chunk in chunks)) > 3
    usage, timings = chunks[-1].usage, chunks[-1].server_timings
    assert usage is not None and timings is not None
    assert timings["cache_n"] + timings["prompt_n"] == usage.prompt_tokens
    assert usage.cached_tokens == timings["cache_n"]
    assert sum(chunk.finish_reason is not None for chunk in chunks) == 1
    again = await collect(provider, request("Hello!"))
    assert again[-1].usage is not None and again[-1].usage.cached_tokens >= usage.prompt_tokens - 2


async def test_streams_one_after_another_never_meet_a_closing_connection(
    provider: OpenAICompatibleProvider,
) -> None:
    for _ in range(30):
        assert (await collect(provider, request("Hello!", max_tokens=2)))[-1].usage is not None


async def test_an_image_for_the_demo_model_is_refused_as_the_askers_mistake(
    provider: OpenAICompatibleProvider,
) -> None:
    await provider.models()
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    body = {"model": MODEL, "messages": [{"role": "user", "content": [picture]}]}
    with pytest.raises(ProviderRejectedError, match="takes no images"):
        await anext(provider.relay("/v1/chat/completions", body, is_stream=False))


async def test_model_context_health_and_tokenizer(provider: OpenAICompatibleProvider) -> None:
    assert await provider.models() == [{"id": MODEL, "context_window": CONTEXT, "can_see": False}]
    assert (await provider.check_health()).is_healthy
    assert await provider.count_tokens("<|im_end|>", MODEL) == 1
    assert (await provider.count_tokens("The maze has a germ at the door.", MODEL) or 0) > 5


async def test_the_prefix_is_kept_across_turns_and_the_counts_are_exact(
    provider: OpenAICompatibleProvider,
) -> None:
    async with engine(provider) as (sessions, _):
        outcomes: list[TurnOutcome] = []
        for number in range(12):
            outcomes.append(
                (await sessions.run_turn(ask(f"What is the capital of France? ({number})"))).outcome
            )
        for before, outcome in pairwise(outcomes):
            assert outcome.usage is not None and outcome.status == "done"
            ledger = outcome.ledger
            assert not ledger.trimmed
            # All of the last prompt and answer is in the cache, but for a token or two around the end of the answer.
            assert outcome.usage.cached_tokens >= (before.prefix_tokens or 0) - 2
        errors = [
            abs(o.ledger.prompt_tokens_counted - (o.ledger.prompt_tokens_reported or 0)) for o in outcomes
        ]
        assert all(error <= 1 for error in errors[8:]), errors


async def test_a_trim_keeps_the_budget_and_the_next_turns_are_cached_again(
    provider: OpenAICompatibleProvider,
) -> None:
    async with engine(provider, max_history_tokens=400) as (sessions, _):
        trims, cached, sent = 0, 0, 0
        for number in range(40):
            outcome = (await sessions.run_turn(ask(f"Tell me about templates, part {number}."))).outcome
            assert outcome.usage is not None, outcome.error_message
            assert outcome.usage.prompt_tokens <= 400
            trims += outcome.ledger.trimmed
            cached += outcome.usage.cached_tokens
            sent += outcome.usage.prompt_tokens
        assert 1 <= trims <= 12
        assert cached / sent > 0.75


async def test_a_stop_frees_the_slot_within_a_second(
    server: EmbeddedServer, provider: OpenAICompatibleProvider
) -> None:
    async with engine(provider) as (sessions, store):
        # A context that takes long to fill: the answer would go on for the whole of it.
        record = await sessions.start_turn(
            ask("Count on.", sampling=Sampling(temperature=2.0, max_tokens=100_000))
        )
        async for event in sessions.events(record.turn_id):
            if b'"content"' in event.data:
                break
        await sessions.cancel(record.turn_id)
        result = await sessions.wait(record.turn_id)
        assert result.outcome.status == "cancelled" and result.outcome.content
        stopped = time.monotonic()
        while await busy_slots(server):
            assert time.monotonic() - stopped < 1
            await asyncio.sleep(0.02)
        assert store.turns[record.turn_id].outcome is not None


async def test_context_overflow_is_typed_with_both_figures(provider: OpenAICompatibleProvider) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        await collect(provider, request("maze " * 1500))
    assert caught.value.details is not None
    assert caught.value.details["context_window"] == CONTEXT < caught.value.details["prompt_tokens"]
    async with engine(provider) as (sessions, _):
        result = await sessions.run_turn(ask("maze " * 1500))
        assert isinstance(result.error, ContextOverflowError)


async def test_a_server_killed_in_mid_answer_is_a_clear_error_and_the_next_turn_works(
    server: EmbeddedServer, provider: OpenAICompatibleProvider
) -> None:
    async with engine(provider) as (sessions, _):
        pid = server.status.pid
        assert pid is not None
        record = await sessions.start_turn(ask("Tell me everything.", sampling=ENDLESS))
        async for event in sessions.events(record.turn_id):
            if b'"content"' in event.data:
                os.kill(pid, signal.SIGSTOP)
                os.kill(pid, signal.SIGKILL)
                break
        result = await asyncio.wait_for(sessions.wait(record.turn_id), 5)
        assert result.outcome.status == "failed" and result.outcome.content
        assert result.error is not None and result.error.code == "stream_interrupted"
        assert "127.0.0.1" not in result.error.message
        deadline = time.monotonic() + 10
        while True:
            try:
                following = await sessions.run_turn(ask("Hello!"))
                if following.error is None:
                    break
                assert following.error.code == "model_unavailable"
            except LLMError as error:
                assert error.is_retryable
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert following.outcome.content
        history = await sessions.history(Caller(1), "s")
        assert history is not None and [message.content for message in history if message.role == "user"] == [
            "Hello!"
        ]
