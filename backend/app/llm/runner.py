"""One answer, whichever door asks: candidates → admission → attempt → events. Knows no session and no store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from app.kit.clock import Clock
from app.llm.admission import Admission
from app.llm.answer import Answer
from app.llm.defaults import Defaults
from app.llm.errors import DeadlineExceededError, LLMError
from app.llm.failover import walk
from app.llm.needs import TellNeeds
from app.llm.retries import Retries
from app.llm.routing import Routes, Target, spilled
from app.llm.timings import Stopwatch
from app.llm.turns import Ledger
from app.llm.types import Caller, CompletionRequest, EngineSettings, PriorityClass

BuildRequest = Callable[[Target], Awaitable[CompletionRequest]]
LoadImages = Callable[[CompletionRequest], Awaitable[CompletionRequest]]


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, and until when; `deadline_seconds` count from arrival."""

    caller: Caller
    model: str | None
    priority: PriorityClass
    deadline_seconds: float | None
    needs: TellNeeds | None = None


class Runner:
    """Runs asks; holds the gate of every target."""

    def __init__(self, routes: Routes, settings: EngineSettings, clock: Clock) -> None:
        self._routes = routes
        self._settings = settings
        self._clock = clock
        self._retries = Retries(settings.max_retries)
        self._gates: dict[str, Admission] = {}
        self._defaults = Defaults(clock)

    def gate(self, target_name: str) -> Admission:
        """Return the admission of a target."""
        gate = self._gates.get(target_name)
        if gate is None:
            gate = Admission(self._settings.max_concurrency, self._settings.max_queued, self._clock)
            self._gates[target_name] = gate
        return gate

    def load(self) -> tuple[int, int]:
        """Return how many requests are with all targets, and how many wait."""
        gates = self._gates.values()
        return sum(gate.active for gate in gates), sum(gate.queued for gate in gates)

    def candidates(self, model: str | None, caller: Caller, needs: TellNeeds | None) -> Sequence[Target]:
        """Return the targets in the order in which they are asked: who is full comes after its equals with room."""
        return spilled(self._routes.candidates(model, caller, needs), self._is_full)

    def _is_full(self, target_name: str) -> bool:
        gate = self._gates.get(target_name)
        return gate is not None and (gate.active >= self._settings.max_concurrency or gate.queued > 0)

    async def run(
        self,
        ask: Ask,
        build_request: BuildRequest,
        answer: Answer,
        stopwatch: Stopwatch,
        ledger: Ledger,
        on_sent: Callable[[Target], None] = lambda target: None,
        load_images: LoadImages | None = None,
    ) -> Target:
        """Fill `answer` from the first candidate that answers, and return that one. Raises LLMError.

        `on_sent` is called when a request leaves the queue for its target; `load_images` shortly before, so that what
        waits stays small.
        """
        deadline = deadline_of(ask.deadline_seconds, stopwatch)

        async def attempt(target: Target) -> None:
            request = await build_request(target)
            gate = self.gate(target.name)
            async with gate.slot(
                user_id=ask.caller.user_id,
                priority=ask.priority,
                deadline=deadline,
                on_place=answer.queue_place,
            ):
                answer.queue_place(0)
                if load_images is not None:
                    request = await load_images(request)
                stopwatch.mark_sent()
                on_sent(target)
                stream = self._defaults.stream(target.name, request, target.provider.stream)
                async with aclosing(stream) as chunks:
                    async for chunk in chunks:
                        answer.take(chunk)
            ttft_ms = stopwatch.attempt_ttft_ms()
            if ttft_ms is not None:
                ledger.attempts[-1]["ttft_ms"] = ttft_ms

        done = 0
        try:
            while True:
                candidates = self.candidates(ask.model, ask.caller, ask.needs)
                try:
                    return await walk(candidates, attempt, lambda: answer.has_output, ledger.attempts)
                except LLMError as error:
                    pause = None if answer.has_output else self.pause(error, done, deadline)
                    if pause is None:
                        raise
                done += 1
                await asyncio.sleep(pause)
        finally:
            stopwatch.mark_end()

    def pause(self, error: LLMError, done: int, deadline: float | None) -> float | None:
        """Return how long to wait before all candidates are asked once more; None to give up."""
        left = None if deadline is None else deadline - self._clock.monotonic()
        return self._retries.pause(error, done, left)


def deadline_of(deadline_seconds: float | None, stopwatch: Stopwatch) -> float | None:
    """Return the instant by which an ask must have been sent."""
    return None if deadline_seconds is None else stopwatch.arrived + deadline_seconds


def remaining_seconds(deadline: float | None, clock: Clock) -> float | None:
    """Return the time left. Raises DeadlineExceededError when there is none."""
    if deadline is None:
        return None
    left = deadline - clock.monotonic()
    if left <= 0:
        raise DeadlineExceededError("The request waited past its deadline and was not sent to the model.")
    return left
