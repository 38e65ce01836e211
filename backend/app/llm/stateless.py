"""Single asks: the same candidates, admission and events as a turn's, without session and store.

Who goes away cancels: the upstream connection is closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from functools import partial

from app.kit.clock import Clock
from app.llm.accounting import OnSpent, spent_on, tell_nobody
from app.llm.answer import Answer, Emit
from app.llm.errors import InternalEngineError, LLMError
from app.llm.events import EventEncoder
from app.llm.in_flight import InFlight
from app.llm.needs import Needs, needs_of
from app.llm.prompt import filled_sampling, fitted
from app.llm.prompt_size import prompt_tokens_of
from app.llm.routing import Target
from app.llm.runner import Ask, Runner
from app.llm.timings import Stopwatch
from app.llm.turns import ChatRequest, Ledger, TurnOutcome
from app.llm.types import CompletionRequest, EngineSettings

log = logging.getLogger(__name__)


class Stateless:
    """Answers prompts that are complete as they come."""

    def __init__(
        self,
        runner: Runner,
        settings: EngineSettings,
        clock: Clock,
        in_flight: InFlight,
        on_spent: OnSpent = tell_nobody,
    ) -> None:
        self._in_flight = in_flight
        self._runner = runner
        self._settings = settings
        self._clock = clock
        self._on_spent = on_spent
        self._encoder = EventEncoder()

    async def complete(self, request: ChatRequest) -> TurnOutcome:
        """Return the whole answer. Raises LLMError."""
        return await self._run(request, lambda data: None)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[bytes]:
        """Yield the answer's events, the last one `done` or `error`."""
        events: asyncio.Queue[bytes | None] = asyncio.Queue()
        task = asyncio.create_task(self._produce(request, events))
        try:
            while (data := await events.get()) is not None:
                yield data
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _produce(self, request: ChatRequest, events: asyncio.Queue[bytes | None]) -> None:
        try:
            outcome = await self._run(request, events.put_nowait)
            events.put_nowait(self._encoder.done(outcome))
        except LLMError as error:
            events.put_nowait(self._encoder.failed(error.code, error.message, request.request_id))
        except Exception as error:
            log.error("an answer without a session failed", exc_info=error)
            message = "Something went wrong inside the portal; the log has the cause."
            events.put_nowait(self._encoder.failed(InternalEngineError.code, message, request.request_id))
        finally:
            events.put_nowait(None)

    async def _run(self, request: ChatRequest, emit: Emit) -> TurnOutcome:
        stopwatch = Stopwatch(self._clock)
        answer = Answer(self._encoder, emit, stopwatch)
        ledger = Ledger()
        ask = Ask(
            request.caller,
            request.model,
            request.priority,
            request.deadline_seconds,
            partial(needs_of_chat, request),
        )
        sampling = filled_sampling(request.sampling, self._settings)

        asked: list[Target] = []

        async def build(target: Target) -> CompletionRequest:
            asked.append(target)
            own = sampling
            if "max_tokens" in sampling.filled:  # what a caller asks for is the server's to judge
                size = prompt_tokens_of([message.to_wire() for message in request.messages])
                own = fitted(sampling, size, target.context_window)
            return CompletionRequest(target.model, request.messages, own, self._settings.skip_thinking)

        failure: BaseException | None = None
        try:
            with self._in_flight.ask(request.caller, request.door, request.model):
                await self._runner.run(ask, build, answer, stopwatch, ledger)
        except BaseException as error:
            failure = error
            raise
        finally:
            last = asked[-1] if asked else None
            outcome = answer.outcome(last.alias if last is not None else None)
            outcome.ledger = ledger
            if failure is not None:
                outcome.status = "failed" if isinstance(failure, Exception) else "cancelled"
                outcome.error_code = getattr(failure, "code", None)
            if outcome.usage is None and answer.has_output:
                ledger.prompt_tokens_counted = prompt_tokens_of([m.to_wire() for m in request.messages])
            self._on_spent(spent_on(request, outcome, last, "chat"))
        return outcome


def needs_of_chat(request: ChatRequest) -> Needs:
    """Return what an ask without a session needs of its model."""
    messages = [message.to_wire() for message in request.messages]
    sampling = request.sampling
    return needs_of(
        {"messages": messages, "tools": sampling.tools, "response_format": sampling.response_format}
    )
