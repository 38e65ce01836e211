"""`make bench-prefix`: prompt tokens that llama.cpp computes in a long conversation, with our trimming and a sliding window.

The same questions are asked of the real server twice, each time from a cold start; what counts is its own `timings.prompt_n`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "backend"))

from app.config import Settings  # noqa: E402
from app.coord.base import LockQueueFullError, LockTimeoutError  # noqa: E402
from app.coord.factory import create_coord  # noqa: E402
from app.embedded.supervisor import EmbeddedServer  # noqa: E402
from app.llm.needs import TellNeeds  # noqa: E402
from app.llm.providers.openai_compatible import OpenAICompatibleProvider  # noqa: E402
from app.llm.routing import Target  # noqa: E402
from app.llm.sessions import SessionManager  # noqa: E402
from app.llm.turns import TurnRequest  # noqa: E402
from app.llm.types import Caller, ChatMessage, Chunk, CompletionRequest, EngineSettings, Sampling  # noqa: E402
from tests.fakes.store import FakeStore  # noqa: E402

TURNS = 200
BUDGET_TOKENS = 2_000
CONTEXT_TOKENS = 4_096
ANSWER_TOKENS = 48
TARGET_RATIO = 15
MODEL = "prompt-portal-demo"
SYSTEM = "You are the assistant of a game studio's portal. Answer in one short sentence."
PLACES = ("France", "Japan", "Peru", "Kenya", "Norway", "Canada", "Egypt", "India", "Chile", "Poland")
QUESTIONS = (
    "What is the capital of {place}?",
    "My name is Ada, and I am from {place}. How do I sign in?",
    "How do I make an API key for our players in {place}?",
    "Which topic does a maze game in {place} publish its state on?",
    "How can I connect a real model to the portal for {place}?",
)


@dataclass
class Tally:
    """What one conversation cost the server."""

    name: str
    sent_tokens: int = 0
    computed_tokens: int = 0
    prefill_ms: float = 0.0
    longest_prompt: int = 0
    trims: int = 0
    seconds: float = 0.0

    def add(self, timings: dict[str, float]) -> None:
        sent = int(timings["cache_n"] + timings["prompt_n"])
        self.sent_tokens += sent
        self.longest_prompt = max(self.longest_prompt, sent)
        self.computed_tokens += int(timings["prompt_n"])
        self.prefill_ms += timings["prompt_ms"]


class CountingProvider(OpenAICompatibleProvider):
    """The portal's own adapter; adds up what the server says of each prompt."""

    tally: Tally

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        async with aclosing(super().stream(request)) as chunks:
            async for chunk in chunks:
                if chunk.server_timings is not None and chunk.usage is not None:
                    self.tally.add(chunk.server_timings)
                yield chunk


class OneRoute:
    """Leads every name to one target."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def candidates(
        self, model: str | None, caller: Caller, needs: TellNeeds | None = None
    ) -> Sequence[Target]:
        return [self._target]


def question(number: int) -> str:
    """Return the user's message of a turn; the same in both conversations."""
    return f"{number + 1}. " + QUESTIONS[number % len(QUESTIONS)].format(
        place=PLACES[number // 5 % len(PLACES)]
    )


@asynccontextmanager
async def cold_server(tally: Tally) -> AsyncIterator[CountingProvider]:
    """Start llama.cpp with one slot and an empty cache."""
    settings = Settings(
        _env_file=None, llm_server_url="", llm_context_tokens=CONTEXT_TOKENS, llm_max_concurrency=1
    )
    server = EmbeddedServer(settings)
    await server.start()
    try:
        if not await server.wait_ready(60) or server.address is None:
            raise RuntimeError(f"llama.cpp did not start: {server.status}")
        provider = CountingProvider("embedded", *server.address, kind="llama.cpp")
        provider.tally = tally
        started = time.perf_counter()
        yield provider
        tally.seconds = time.perf_counter() - started
        await provider.close()
    finally:
        await server.stop()


async def with_our_trimming() -> Tally:
    """Run the conversation through the engine's own SessionManager."""
    tally = Tally("our trimming (half the budget kept at a trim)")
    async with cold_server(tally) as provider:
        coord = create_coord("", shared_name="bench")
        await coord.start()
        sessions = SessionManager(
            FakeStore(),
            coord,
            OneRoute(Target("embedded", provider, MODEL, MODEL, CONTEXT_TOKENS)),
            EngineSettings(temperature=0, max_tokens=ANSWER_TOKENS, max_history_tokens=BUDGET_TOKENS),
            lock_full=LockQueueFullError,
            lock_timeout=LockTimeoutError,
        )
        await sessions.start()
        for number in range(TURNS):
            result = await sessions.run_turn(TurnRequest(Caller(1), "bench", question(number), SYSTEM))
            if result.error is not None:
                raise result.error
            tally.trims += result.outcome.ledger.trimmed
        await sessions.close()
        await coord.close()
    return tally


async def with_sliding_window() -> Tally:
    """Run the conversation as most front ends do: before each turn drop the oldest turns that do not fit any more."""
    tally = Tally("sliding window (the oldest turn dropped each time)")
    async with cold_server(tally) as provider:

        async def length(message: ChatMessage) -> int:
            templated = f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n"
            return await provider.count_tokens(templated, MODEL) or 0

        system = ChatMessage("system", SYSTEM)
        history: list[ChatMessage] = []
        for number in range(TURNS):
            new = ChatMessage("user", question(number))
            lengths = [await length(message) for message in (system, *history, new)]
            dropped = 0
            while sum(lengths) - sum(lengths[1 : 1 + dropped]) > BUDGET_TOKENS:
                dropped += 2
            tally.trims += dropped > 0
            history = history[dropped:]
            sampling = Sampling(temperature=0, top_p=0.9, max_tokens=ANSWER_TOKENS)
            request = CompletionRequest(MODEL, (system, *history, new), sampling)
            async with aclosing(provider.stream(request)) as chunks:
                answer = "".join([chunk.content async for chunk in chunks])
            history += [new, ChatMessage("assistant", answer)]
    return tally


def report(tallies: Sequence[Tally]) -> float:
    """Print absolutes and return the ratio of computed tokens."""
    print(f"{TURNS} turns, a budget of {BUDGET_TOKENS} tokens, {MODEL} on llama.cpp with one slot\n")
    print(
        f"{'':52}{'sent':>9}{'computed':>10}{'cached':>8}{'prefill':>10}{'trims':>7}{'longest':>9}{'took':>8}"
    )
    for tally in tallies:
        cached = 1 - tally.computed_tokens / tally.sent_tokens
        print(
            f"{tally.name:52}{tally.sent_tokens:>9}{tally.computed_tokens:>10}{cached:>8.1%}"
            f"{tally.prefill_ms / 1000:>8.2f} s{tally.trims:>7}{tally.longest_prompt:>9}{tally.seconds:>6.0f} s"
        )
    ratio = tallies[1].computed_tokens / tallies[0].computed_tokens
    verdict = "met" if ratio >= TARGET_RATIO else "MISSED"
    print(f"\nprompt tokens computed: {ratio:.1f} times fewer (target: {TARGET_RATIO} times; {verdict})")
    return ratio


async def main() -> int:
    ratio = report([await with_our_trimming(), await with_sliding_window()])
    return 0 if ratio >= TARGET_RATIO else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
