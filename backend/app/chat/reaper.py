"""Ends turns whose process died: failed as `interrupted`, the partial kept and counted, their logs closed for every reader."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime

from app.chat.endings import INTERRUPTED, attach
from app.chat.errors import stored_error
from app.chat.excerpts import fold
from app.chat.reaped import count_reaped
from app.chat.replica import Replica
from app.chat.repository import MessageRepository
from app.chat.stream import error_event
from app.chat.tables import ACTIVE_STATUSES, TurnRow
from app.chat.turn_repository import TurnRepository
from app.coord.base import Coord, CoordError
from app.db.session import Database
from app.errors import PortalError
from app.kit.clock import Clock, SystemClock
from app.llm.money import Price
from app.llm.types import Caller

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
INTERRUPTED_MESSAGE = (
    "The portal stopped in the middle of this answer. What had come so far is kept; try again."
)


class Reaper:
    """Sweeps at start and every few seconds. A turn is dead when its process is known to be gone or its lease is over."""

    def __init__(
        self, database: Database, coord: Coord, replica: Replica | None = None, clock: Clock | None = None
    ) -> None:
        self._database = database
        self._coord = coord
        self._replica = replica or Replica.current()
        self._clock = clock or SystemClock()
        self.on_changed: Callable[[int, str], None] = lambda user_id, session_id: None
        self.price_of: Callable[[str | None, Caller], Price | None] = lambda model, caller: None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="reaper")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def sweep(self) -> int:
        """End every dead turn once; returns how many."""
        async with self._database.reading() as db:
            active = await TurnRepository(db).active()
        now = self._clock.now()
        ended = 0
        for turn in active:
            if self._is_dead(turn, now) and await self._end(turn.id, now):
                ended += 1
        return ended

    async def _watch(self) -> None:
        while True:
            try:
                if ended := await self.sweep():
                    logger.warning("%d turns of a process that died were ended", ended)
            except PortalError as error:
                logger.warning("the reaper could not look: %s", error.message)
            except Exception:
                logger.exception("the reaper failed")
            await asyncio.sleep(INTERVAL_SECONDS)

    def _is_dead(self, turn: TurnRow, now: datetime) -> bool:
        replica = Replica.parse(turn.replica_id)
        if replica is not None and replica.id == self._replica.id:
            return False
        if replica is not None and replica.is_known_dead(self._replica):
            return True
        return turn.lease_until is None or turn.lease_until < now

    async def _end(self, turn_id: str, now: datetime) -> bool:
        async with self._database.transaction() as db:
            # a turn whose lease only seems to be over (a clock is wrong) may be ending well in this moment
            await TurnRepository(db).lock(turn_id)
            owned = await TurnRepository(db).get(turn_id)
            if owned is None or owned[0].status not in ACTIVE_STATUSES or not self._is_dead(owned[0], now):
                return False
            turn, session = owned
            await attach(db, turn, session)
            answer = await MessageRepository(db).find(session.id, turn.assistant_message_id)
            if answer is not None:
                answer.status, answer.search_text = "failed", fold(answer.content)
            turn.status, turn.error_code, turn.error_message = "failed", INTERRUPTED, INTERRUPTED_MESSAGE
            turn.finished_at, turn.lease_until = now, None
            await count_reaped(db, turn, answer, self.price_of(turn.model, Caller(turn.user_id)), now)
        event = error_event(stored_error(INTERRUPTED, INTERRUPTED_MESSAGE), turn.request_id)
        with contextlib.suppress(CoordError):
            await self._coord.logs.abandon(turn_id, event)
        self.on_changed(session.user_id, session.public_id)
        return True
