"""Sessions' turns: stored, run one after another within a session, and ended whatever happens.

No lock is held that another session needs; no store call is open while a model works.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import replace

from app.kit.clock import Clock, SystemClock
from app.llm.accounting import OnSpent, tell_nobody
from app.llm.answer import Answer
from app.llm.checkpoints import keep_checkpoints
from app.llm.errors import SessionBusyError, TurnInterruptedError
from app.llm.events import EventEncoder
from app.llm.fold import fold_events
from app.llm.in_flight import InFlight
from app.llm.ports import Coordination, LogEvent, SessionStore
from app.llm.relay import Relay
from app.llm.routing import Routes
from app.llm.runner import Runner
from app.llm.running import RunningTurn, RunningTurns
from app.llm.stateless import Stateless
from app.llm.sync_face import SyncFace
from app.llm.timings import Stopwatch
from app.llm.turn_task import LockErrors, TurnTask
from app.llm.turns import ChatRequest, HistoryMessage, TurnOutcome, TurnRecord, TurnRequest, TurnResult
from app.llm.types import Caller, EngineSettings

log = logging.getLogger(__name__)

CANCEL_TOPIC = "turn-cancel"


class SessionManager(SyncFace):
    """The engine's door for sessions and single asks, from one event loop; its synchronous face from any thread.

    Args:
        store: where sessions and turns live.
        coord: locks, turn logs and signals, shared by the replicas.
        routes: leads a model name to its targets.
        lock_full, lock_timeout: what `coord.locks.hold` raises when too many wait, and when the wait is over.
        local_caller: who owns what the synchronous face makes.
        on_spent: told of every turn and single ask that ended; must not raise.
    """

    def __init__(
        self,
        store: SessionStore,
        coord: Coordination,
        routes: Routes,
        settings: EngineSettings,
        clock: Clock | None = None,
        *,
        lock_full: type[Exception],
        lock_timeout: type[Exception],
        local_caller: Caller | None = None,
        checkpoint_seconds: float = 2.0,
        on_spent: OnSpent = tell_nobody,
    ) -> None:
        self._store = store
        self._coord = coord
        self._routes = routes
        self._settings = settings
        self._clock = clock or SystemClock()
        self._local_caller = local_caller
        self._checkpoint_seconds = checkpoint_seconds
        self._turns = RunningTurns()
        self._runner = Runner(routes, settings, self._clock)
        self.in_flight = InFlight(self._clock)
        self.relay = Relay(self._runner, self._clock, self.in_flight)
        self._stateless = Stateless(self._runner, settings, self._clock, self.in_flight, on_spent)
        self._turn_task = TurnTask(
            store,
            coord.locks,
            self._turns,
            self._runner,
            settings,
            self._clock,
            LockErrors(lock_full, lock_timeout),
            on_spent,
        )
        self._background: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._home: asyncio.AbstractEventLoop | None = None

    # Lifetime

    async def start(self) -> None:
        """Begin to save partial answers and to listen for cancels of other replicas."""
        self._home = asyncio.get_running_loop()
        self._spawn(keep_checkpoints(self._store, self._turns, self._checkpoint_seconds))
        self._spawn(self._listen_for_cancels())

    async def drain(self, seconds: float) -> None:
        """Wait for the turns that run now; the later ones are not waited for."""
        if turns := self._turns.all():
            await asyncio.wait([turn.ended for turn in turns], timeout=seconds)

    async def close(self, grace_seconds: float = 3.0) -> None:
        """End running turns as failed with what they have, and stop. Safe to call twice."""
        self._is_closing = True
        turns = self._turns.all()
        for turn in turns:
            turn.stop("shutdown")
        if turns:
            await asyncio.wait([turn.ended for turn in turns], timeout=grace_seconds)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._home = None

    @property
    def running(self) -> int:
        """How many turns this replica runs or has waiting."""
        return len(self._turns)

    def load(self) -> tuple[int, int]:
        """Return how many requests of every door are with the models now, and how many wait here."""
        return self._runner.load()

    # Turns

    async def start_turn(self, request: TurnRequest) -> TurnRecord:
        """Store a turn and set it going; it goes on without the caller.

        Raises SessionBusyError when as many turns as allowed wait in this session, UnknownModelError, and what the
        store raises.
        """
        return await asyncio.shield(asyncio.ensure_future(self._start(request)))

    async def run_turn(self, request: TurnRequest) -> TurnResult:
        """Start a turn and wait for its end. A failed turn's result has `error`; it is not raised."""
        record = await self.start_turn(request)
        return await self.wait(record.turn_id, record)

    async def wait(self, turn_id: str, record: TurnRecord | None = None) -> TurnResult:
        """Return a turn's result once it has ended, wherever it runs.

        Raises what `coord.logs.read` raises for a log that is gone.
        """
        turn = self._turns.get(turn_id)
        if turn is not None:
            return await asyncio.shield(turn.ended)
        return await fold_events(turn_id, self.events(turn_id), record)

    def events(self, turn_id: str, after: int = 0) -> AsyncIterator[LogEvent]:
        """Yield a turn's events numbered above `after`, live until the terminal one. Who may read is the door's check."""
        return self._coord.logs.read(turn_id, after=after)

    async def cancel(self, turn_id: str) -> bool:
        """Stop a turn, here or on whichever replica runs it; True when it runs here."""
        turn = self._turns.get(turn_id)
        if turn is not None:
            return turn.stop("cancelled")
        await self._coord.signals.publish(CANCEL_TOPIC, turn_id.encode())
        return False

    async def stop_asks(self, whom: str) -> None:
        """Stop requests without a session on every replica: an ask by its id, or all of `in_flight.of_user` or `of_key`."""
        await self._coord.signals.publish(CANCEL_TOPIC, whom.encode())

    async def history(self, caller: Caller, session_id: str) -> list[HistoryMessage] | None:
        """Return the active branch's complete messages, None when the caller has no such session."""
        return await self._store.history(caller, session_id)

    async def clear(self, caller: Caller, session_id: str) -> bool:
        """Delete a session; False when the caller had none of that name."""
        return await self._store.clear(caller, session_id)

    # Single asks

    async def complete(self, request: ChatRequest) -> TurnOutcome:
        """Answer a prompt without a session. Raises LLMError; cancelling closes the upstream connection."""
        return await self._stateless.complete(request)

    def stream(self, request: ChatRequest) -> AsyncGenerator[bytes]:
        """Yield the events of an answer without a session, the last one `done` or `error`.

        Closing the iterator closes the upstream connection.
        """
        return self._stateless.stream(request)

    # The synchronous face's home

    def _home_loop(self) -> asyncio.AbstractEventLoop:
        if self._home is None:
            raise RuntimeError("the session manager is not started")
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._home:
            raise RuntimeError(
                "this would block the engine's own event loop; use `await run_turn(...)` there"
            )
        return self._home

    async def _engine(self) -> tuple[SessionManager, Caller]:
        if self._local_caller is None:
            raise RuntimeError(
                "this session manager has no local caller; its synchronous face owns no sessions"
            )
        return self, self._local_caller

    # Inside

    async def _start(self, request: TurnRequest) -> TurnRecord:
        earlier = self._turns.same_as(request)
        if earlier is not None:
            return _as_replay(earlier.record)
        self._routes.candidates(request.model, request.caller)
        ahead = self._turns.in_session(request)
        if self._is_closing:
            raise TurnInterruptedError(
                "The portal is shutting down.", is_retryable=True, retry_after_seconds=5
            )
        if ahead > self._settings.session_max_queued:
            raise _busy(ahead)
        self._turns.enter_session(request)
        is_running = False
        try:
            stopwatch = Stopwatch(self._clock)
            record = await self._store.begin_turn(request)
            if record.is_replay:
                return record
            turn = await self._opened(record, request, stopwatch)
            if ahead:
                turn.answer.queue_place(ahead)
            turn.task = asyncio.create_task(self._turn_task.run(turn), name=f"turn-{record.turn_id}")
            turn.task.add_done_callback(lambda _: self._turns.remove(turn))
            is_running = True
            return record
        finally:
            if not is_running:
                self._turns.leave_session(request)

    async def _opened(self, record: TurnRecord, request: TurnRequest, stopwatch: Stopwatch) -> RunningTurn:
        """Open the turn's log and put the first event in; a turn without a log ends at once."""
        encoder = EventEncoder(record)
        try:
            writer = await self._coord.logs.open(record.turn_id)
        except Exception:
            await self._turn_task.abandon(record)
            raise
        writer.append(encoder.start())
        answer = Answer(encoder, writer.append, stopwatch)
        ended: asyncio.Future[TurnResult] = asyncio.get_running_loop().create_future()
        turn = RunningTurn(record, request, writer, encoder, answer, stopwatch, ended)
        self._turns.add(turn)
        return turn

    async def _listen_for_cancels(self) -> None:
        while True:
            try:
                async with self._coord.signals.listen(CANCEL_TOPIC) as messages:
                    async for payload in messages:
                        whom = payload.decode(errors="replace")
                        self.in_flight.hear(whom)
                        turn = self._turns.get(whom)
                        if turn is not None:
                            turn.stop("cancelled")
            except Exception as error:
                log.warning("listening for cancels failed, trying again: %s", type(error).__name__)
            await asyncio.sleep(1)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _as_replay(record: TurnRecord) -> TurnRecord:
    return replace(record, is_replay=True)


def _busy(ahead: int) -> SessionBusyError:
    return SessionBusyError(
        f"This session has {ahead} turns running or waiting; wait for one to end.",
        is_retryable=True,
        retry_after_seconds=2,
    )
