"""What an owner does with a turn: read it, follow its events, stop it, see its ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from app.chat.endings import INTERRUPTED
from app.chat.errors import TurnNotFoundError
from app.chat.repository import MessageRepository
from app.chat.schemas import CancelRead, LedgerRead, TurnRead
from app.chat.stored import outcome_of, record_of
from app.chat.stream import NumberedEvents
from app.chat.tables import ACTIVE_STATUSES, TurnRow
from app.chat.turn_repository import Owned, TurnRepository
from app.chat.views import ledger_read, turn_read
from app.coord.base import CoordUnavailableError, LogEvent, LogNotFoundError
from app.db.session import Database
from app.llm.replay import replay_events
from app.llm.sessions import SessionManager
from app.llm.turns import TurnOutcome, TurnRecord

_LOOK_AGAIN_SECONDS = 0.5
_CANCEL_WAIT_SECONDS = 1.0


class TurnService:
    """Every method takes the owner, and finds nothing of anybody else's."""

    def __init__(self, database: Database, sessions: SessionManager) -> None:
        self._database = database
        self._sessions = sessions

    async def read(self, user_id: int, turn_id: str) -> TurnRead:
        turn, session = await self._owned(user_id, turn_id)
        return turn_read(turn, session.public_id)

    async def exchange(self, user_id: int, turn_id: str) -> tuple[str, str] | None:
        """Return what was asked and what was answered; None when it is not there any more."""
        async with self._database.reading() as db:
            owned = await TurnRepository(db).get(turn_id)
            if owned is None or owned[1].user_id != user_id or owned[1].deleted_at is not None:
                return None
            turn, session = owned
            messages = MessageRepository(db)
            question = await messages.find(session.id, turn.user_message_id)
            answer = await messages.find(session.id, turn.assistant_message_id)
        return None if question is None or answer is None else (question.content, answer.content)

    async def ledger(self, user_id: int, turn_id: str) -> LedgerRead:
        """Return what was sent and dropped; mostly empty until the turn has ended."""
        turn, _ = await self._owned(user_id, turn_id)
        return ledger_read(turn)

    async def cancel(self, user_id: int, turn_id: str) -> CancelRead:
        """Stop a turn, on whichever replica it runs; one that has ended stays as it is."""
        turn, _ = await self._owned(user_id, turn_id)
        if turn.status in ACTIVE_STATUSES:
            await self._sessions.cancel(turn_id)
            turn = await self._wait_until_over(user_id, turn_id)
        return CancelRead(status=turn.status)

    async def events(self, user_id: int, turn_id: str, after: int) -> NumberedEvents:
        """Check the owner, then return the events numbered above `after`, live or from what was stored."""
        await self._owned(user_id, turn_id)
        return self._events(user_id, turn_id, after)

    def events_of_own(self, user_id: int, record: TurnRecord) -> NumberedEvents:
        """Return the events of a turn that this caller has just started (no second look at who owns it)."""
        return self._events(user_id, record.turn_id, 0)

    async def outcome(self, user_id: int, turn_id: str) -> TurnOutcome:
        """Wait until a turn is over, whoever runs it, and return how it ended."""
        async for _ in self._events(user_id, turn_id, 0):
            pass
        turn, _ = await self._owned(user_id, turn_id)
        return await self._stored_outcome(turn)

    async def _events(self, user_id: int, turn_id: str, after: int) -> NumberedEvents:
        has_said = False
        try:
            async with aclosing(cast(AsyncGenerator[LogEvent], self._sessions.events(turn_id, after))) as log:
                async for event in log:
                    after, has_said = event.number, True
                    yield event.number, event.data
            if has_said:
                return
            # over, with fewer events than the reader has seen: the last ones went with the process that ran it
        except (LogNotFoundError, CoordUnavailableError):
            pass  # over for long, or run by a process whose log cannot be reached from here
        turn, session = await self._owned(user_id, turn_id)
        while turn.status in ACTIVE_STATUSES:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            turn, session = await self._owned(user_id, turn_id)
        for numbered in _replayed(record_of(turn, session), await self._stored_outcome(turn), turn, after):
            yield numbered

    async def _stored_outcome(self, turn: TurnRow) -> TurnOutcome:
        async with self._database.reading() as db:
            answer = await MessageRepository(db).find(turn.session_pk, turn.assistant_message_id)
        return outcome_of(turn, answer)

    async def _wait_until_over(self, user_id: int, turn_id: str) -> TurnRow:
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + _CANCEL_WAIT_SECONDS, 0.01
        while True:
            turn, _ = await self._owned(user_id, turn_id)
            if turn.status not in ACTIVE_STATUSES or loop.time() >= until:
                return turn
            await asyncio.sleep(pause)
            pause = min(0.1, pause * 2)

    async def _owned(self, user_id: int, turn_id: str) -> Owned:
        async with self._database.reading() as db:
            owned = await TurnRepository(db).find(user_id, turn_id)
        if owned is None:
            raise TurnNotFoundError
        return owned


def _replayed(record: TurnRecord, outcome: TurnOutcome, turn: TurnRow, after: int) -> list[tuple[int, bytes]]:
    """Return the stored turn's events after a number: with the same numbers and bytes as they had."""
    events = replay_events(record, outcome, request_id=turn.request_id)
    rest = [event for event in events if event[0] > after]
    if not rest and turn.error_code == INTERRUPTED:
        # what the reader had seen went with the process; the end it has not seen yet
        return replay_events(record, outcome, request_id=turn.request_id, after=after)
    return rest
