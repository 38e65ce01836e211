"""A turn that this replica runs, and the set of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from app.llm.answer import Answer
from app.llm.events import EventEncoder
from app.llm.ports import LogWriter
from app.llm.timings import Stopwatch
from app.llm.turns import Ledger, TurnRecord, TurnRequest, TurnResult

StopReason = Literal["cancelled", "shutdown"]


@dataclass(eq=False, slots=True)
class RunningTurn:
    """A turn from its first event to its terminal one."""

    record: TurnRecord
    request: TurnRequest
    writer: LogWriter
    encoder: EventEncoder
    answer: Answer
    stopwatch: Stopwatch
    ended: asyncio.Future[TurnResult]
    ledger: Ledger = field(default_factory=Ledger)
    task: asyncio.Task[None] | None = None
    marking: asyncio.Task[None] | None = None
    stop_reason: StopReason | None = None
    is_finishing: bool = False
    is_counted: bool = True

    def stop(self, reason: StopReason) -> bool:
        """Ask the turn to end; what came so far is kept. False once it is ending anyway."""
        if self.is_finishing or self.task is None:
            return False
        if self.stop_reason is None:
            self.stop_reason = reason
            self.task.cancel()
        return True


class RunningTurns:
    """The turns of this replica, by id, by idempotency key, and counted by session."""

    def __init__(self) -> None:
        self._turns: dict[str, RunningTurn] = {}
        self._sessions: Counter[tuple[int, str]] = Counter()

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, turn: RunningTurn) -> None:
        self._turns[turn.record.turn_id] = turn

    def remove(self, turn: RunningTurn) -> None:
        """Forget a turn; doing it again does nothing."""
        self._turns.pop(turn.record.turn_id, None)
        self.uncount(turn)

    def uncount(self, turn: RunningTurn) -> None:
        """Make room in its session for a turn that is about to tell its end."""
        if turn.is_counted:
            turn.is_counted = False
            self.leave_session(turn.request)

    def get(self, turn_id: str) -> RunningTurn | None:
        return self._turns.get(turn_id)

    def all(self) -> list[RunningTurn]:
        return list(self._turns.values())

    def same_as(self, request: TurnRequest) -> RunningTurn | None:
        """Return the running turn that this very request started: same owner, idempotency key, session and message.

        The same key on another message is no match: the store refuses that.
        """
        if request.idempotency_key is None:
            return None
        return next(
            (turn for turn in self._turns.values() if _identity(turn.request) == _identity(request)), None
        )

    def in_session(self, request: TurnRequest) -> int:
        """Return how many turns of the request's session run or wait here."""
        return self._sessions[(request.caller.user_id, request.session_id)]

    def enter_session(self, request: TurnRequest) -> None:
        """Count a turn in before it is stored, so that a burst cannot slip past the bound."""
        self._sessions[(request.caller.user_id, request.session_id)] += 1

    def leave_session(self, request: TurnRequest) -> None:
        key = (request.caller.user_id, request.session_id)
        self._sessions[key] -= 1
        if self._sessions[key] <= 0:
            del self._sessions[key]


def _identity(request: TurnRequest) -> tuple[object, ...]:
    return (
        request.caller.user_id,
        request.idempotency_key,
        request.session_id,
        request.message,
        request.regenerate_of,
        request.parent_id,
        request.attachment_ids,
    )
