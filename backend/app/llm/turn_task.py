"""A session's turn from the lock to its terminal event. However it dies, the turn is stored as ended and its log ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from app.kit.clock import Clock
from app.llm.accounting import OnSpent, spent_on, tell_nobody
from app.llm.errors import (
    ContextOverflowError,
    DeadlineExceededError,
    InternalEngineError,
    LLMError,
    SessionBusyError,
    StorageUnavailableError,
    TurnCancelledError,
    TurnInterruptedError,
)
from app.llm.images import image_ids, with_images
from app.llm.needs import Needs
from app.llm.ports import EarlierTurnError, Lease, Locks, SessionStore
from app.llm.prompt import Prompt, build_prompt, describe, settle
from app.llm.routing import Target
from app.llm.runner import Ask, Runner, deadline_of, remaining_seconds
from app.llm.running import RunningTurn, RunningTurns
from app.llm.tokens import TokenCounter
from app.llm.turns import TurnContext, TurnOutcome, TurnRecord, TurnResult
from app.llm.types import CompletionRequest, EngineSettings

log = logging.getLogger(__name__)

_STORE_SECONDS = 10.0
_SAVE_PAUSES_SECONDS = (0.2, 1.0)
_GIVE_WAY_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Pauses for an earlier turn to take its place; if it still has not, its process is most likely dead."""


@dataclass(frozen=True, slots=True)
class LockErrors:
    """The exceptions of `Locks.hold`: the engine may not import who raises them."""

    full: type[Exception]
    timeout: type[Exception]


@dataclass(slots=True)
class _Sent:
    """The last prompt that was built, and for whom."""

    prompt: Prompt | None = None
    target: Target | None = None


class TurnTask:
    """Runs turns; one object for all of them."""

    def __init__(
        self,
        store: SessionStore,
        locks: Locks,
        turns: RunningTurns,
        runner: Runner,
        settings: EngineSettings,
        clock: Clock,
        lock_errors: LockErrors,
        on_spent: OnSpent = tell_nobody,
    ) -> None:
        self._store = store
        self._locks = locks
        self._turns = turns
        self._runner = runner
        self._counter = TokenCounter()
        self._settings = settings
        self._clock = clock
        self._lock_errors = lock_errors
        self._on_spent = on_spent

    async def run(self, turn: RunningTurn) -> None:
        """Wait for the session, answer, store, end. Never raises but for a bug in ending itself."""
        try:
            # Who stored its question first may ask for the lock second, from another replica: it is let by.
            for pause_seconds in _GIVE_WAY_SECONDS:
                try:
                    async with self._hold(turn) as lease:
                        return await self._answer(turn, lease, gives_way=True)
                except EarlierTurnError:
                    await asyncio.sleep(pause_seconds)
            async with self._hold(turn) as lease:
                await self._answer(turn, lease, gives_way=False)
        except (Exception, asyncio.CancelledError) as error:
            if turn.ended.done():
                log.warning("a session's lock could not be given back cleanly: %s", type(error).__name__)
            else:
                await self._conclude(turn, error, _Sent())

    def _hold(self, turn: RunningTurn) -> AbstractAsyncContextManager[Lease]:
        deadline = deadline_of(turn.request.deadline_seconds, turn.stopwatch)
        return self._locks.hold(
            f"session:{turn.record.session_pk}",
            max_waiting=self._settings.session_max_queued,
            wait_seconds=remaining_seconds(deadline, self._clock),
        )

    async def abandon(self, record: TurnRecord) -> None:
        """Store a turn as failed that could not be begun."""
        outcome = TurnOutcome(
            "failed", error_code=InternalEngineError.code, error_message="The turn could not be begun."
        )
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._store.finish_turn(record.turn_id, outcome)
        except Exception as error:
            log.warning("a turn that could not be begun could not be stored either: %s", type(error).__name__)

    async def _answer(self, turn: RunningTurn, lease: Lease, *, gives_way: bool) -> None:
        """Fill the turn's answer, and conclude while the session's lock is still held.

        A lock that was lost meanwhile ends nothing: the tree keeps both turns, and the ledger says what happened.

        Raises:
            EarlierTurnError: it gives way; nothing was done.
        """
        sent = _Sent()
        failure: BaseException | None = None
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                context = await self._store.load_context(turn.record.turn_id, gives_way=gives_way)
            try:
                await self._generate(turn, context, sent)
            except ContextOverflowError as error:
                if not self._can_trim_more(turn, sent, error):
                    raise
                await self._generate(turn, context, sent)
        except EarlierTurnError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            failure = error
        turn.ledger.lock_lost = lease.is_lost
        await self._conclude(turn, failure, sent)

    async def _generate(self, turn: RunningTurn, context: TurnContext, sent: _Sent) -> None:
        request = turn.request
        together = Needs(affinity=context.record.session_pk)  # its server has the beginning of its prompt
        ask = Ask(
            request.caller,
            request.model or context.model,
            request.priority,
            request.deadline_seconds,
            lambda: together,
        )

        async def build(target: Target) -> CompletionRequest:
            return await self._build(turn, context, target, sent)

        async def load_images(prompt: CompletionRequest) -> CompletionRequest:
            return await self._with_images(turn, prompt)

        await self._runner.run(
            ask,
            build,
            turn.answer,
            turn.stopwatch,
            turn.ledger,
            lambda target: self._mark(turn, target),
            load_images,
        )

    def _can_trim_more(self, turn: RunningTurn, sent: _Sent, error: ContextOverflowError) -> bool:
        """Learn from a server that says the prompt is too long; tell whether dropping older turns could help.

        That is how the window of a server that does not tell it is found out.
        """
        if sent.prompt is None or sent.target is None or error.status is None or turn.answer.has_output:
            return False
        window = (error.details or {}).get("context_window")
        self._counter.learn_overflow(sent.target, sent.prompt.plan.prompt_tokens, window)
        return bool(sent.prompt.plan.kept)

    async def _build(
        self, turn: RunningTurn, context: TurnContext, target: Target, sent: _Sent
    ) -> CompletionRequest:
        turn.ledger.model = target.alias
        prompt = await build_prompt(context, turn.request, target, self._settings, self._counter)
        describe(prompt, turn.ledger, target, self._counter.context_window(target))
        sent.prompt, sent.target = prompt, target
        return prompt.request

    async def _with_images(self, turn: RunningTurn, request: CompletionRequest) -> CompletionRequest:
        """Put the images' bytes into what is sent; the prompt that is kept has references only."""
        ids = image_ids(request.messages)
        if not ids:
            return request
        async with asyncio.timeout(_STORE_SECONDS):
            urls = await self._store.load_images(turn.request.caller, ids)
        return replace(request, messages=with_images(request.messages, urls))

    def _mark(self, turn: RunningTurn, target: Target) -> None:
        """Store that the turn is streaming, beside the request and not before it: the first token does not wait."""
        if turn.marking is None:
            turn.marking = asyncio.create_task(self._mark_streaming(turn.record.turn_id, target.alias))

    async def _mark_streaming(self, turn_id: str, model: str) -> None:
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._store.mark_streaming(turn_id, model)
        except Exception as error:
            log.warning("a turn could not be marked as streaming: %s", type(error).__name__)

    async def _conclude(self, turn: RunningTurn, failure: BaseException | None, sent: _Sent) -> None:
        turn.is_finishing = True
        await _uncancellable(self._finish(turn, self._typed(turn, failure), sent))

    async def _finish(self, turn: RunningTurn, failure: LLMError | None, sent: _Sent) -> None:
        """Store the outcome, then send the terminal event, then wake who waits."""
        outcome = turn.answer.outcome(turn.ledger.model or None)
        outcome.ledger = turn.ledger
        if sent.prompt is not None and sent.target is not None:
            await settle(sent.prompt, outcome, sent.target, self._counter)
        _apply(outcome, failure)
        if turn.marking is not None:
            await turn.marking
        try:
            await self._save(turn.record.turn_id, outcome)
        except Exception as error:
            log.error("turn %s could not be stored", turn.record.turn_id, exc_info=error)
            failure = StorageUnavailableError("The answer could not be stored; the database does not answer.")
            _apply(outcome, failure)
        # Who reads the terminal event may ask again at once, and shall find no turn of its own in the way.
        self._turns.uncount(turn)
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await turn.writer.finish(turn.encoder.terminal(outcome, turn.request.request_id))
        except Exception as error:
            log.error("the log of turn %s could not be ended", turn.record.turn_id, exc_info=error)
        self._on_spent(spent_on(turn.request, outcome, sent.target, "turn"))
        error_for_caller = failure if outcome.status == "failed" else None
        self._turns.remove(turn)
        turn.ended.set_result(TurnResult(turn.record, outcome, error_for_caller))

    async def _save(self, turn_id: str, outcome: TurnOutcome) -> None:
        """Store the outcome; a database that is restarting gets two more chances."""
        for pause_seconds in (*_SAVE_PAUSES_SECONDS, None):
            try:
                async with asyncio.timeout(_STORE_SECONDS):
                    await self._store.finish_turn(turn_id, outcome)
                return
            except Exception:
                if pause_seconds is None:
                    raise
            await asyncio.sleep(pause_seconds)

    def _typed(self, turn: RunningTurn, failure: BaseException | None) -> LLMError | None:
        """Turn what ended the answer into an LLMError; what is none is logged with its trace."""
        if failure is None or isinstance(failure, LLMError):
            return failure
        if isinstance(failure, asyncio.CancelledError):
            if turn.stop_reason == "cancelled":
                return TurnCancelledError("The turn was stopped.")
            return TurnInterruptedError(
                "The portal was shut down in the middle of this turn.", is_retryable=True
            )
        if isinstance(failure, self._lock_errors.full):
            return SessionBusyError("This session has as many turns waiting as it may.", is_retryable=True)
        if isinstance(failure, self._lock_errors.timeout):
            return DeadlineExceededError(
                "The request waited past its deadline and was not sent to the model."
            )
        code, message = getattr(failure, "code", None), getattr(failure, "message", None)
        if isinstance(code, str) and isinstance(message, str):
            typed = LLMError(message, is_retryable=True)
            typed.code = code
            return typed
        log.error("turn %s failed", turn.record.turn_id, exc_info=failure)
        if isinstance(failure, TimeoutError):
            return StorageUnavailableError("The database does not answer.", is_retryable=True)
        return InternalEngineError("Something went wrong inside the portal; the log has the cause.")


def _apply(outcome: TurnOutcome, failure: LLMError | None) -> None:
    """Write how the answer ended; what came so far stays."""
    if failure is None:
        return
    if isinstance(failure, TurnCancelledError):
        outcome.status, outcome.finish_reason = "cancelled", "cancelled"
        return
    outcome.status, outcome.finish_reason = "failed", "error"
    outcome.error_code, outcome.error_message = failure.code, failure.message
    outcome.error_details, outcome.retry_after_seconds = failure.details, failure.retry_after_seconds


async def _uncancellable(work: Coroutine[None, None, None]) -> None:
    """Run to the end even when the task is cancelled meanwhile; a cancel is not passed on."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
    task.result()
