"""What a bridge does every few seconds: keeps its leases, takes up what others left, forgets what is old."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.bridge.adoption import Adoption
from app.bridge.callers import Callers
from app.bridge.desk import Desk
from app.bridge.frames import Frames
from app.bridge.inbox import TAKEN_AT_ONCE, Inbox
from app.bridge.status import BridgeStatus
from app.bridge.tables import BridgeRequest
from app.bridge.worker import Work
from app.devices.connections import ConnectionService
from app.errors import PortalError, UnavailableError
from app.kit.clock import Clock

logger = logging.getLogger(__name__)

TEND_SECONDS = 5.0
ENOUGH = (
    200  # of requests under way: less than may wait for a model (LLM_MAX_QUEUED), as others come meanwhile
)
_TENDS_AN_HOUR = 720


class Tending:
    """One for a bridge; a fault is logged, and the next round comes."""

    def __init__(
        self,
        inbox: Inbox,
        desk: Desk,
        callers: Callers,
        connections: ConnectionService,
        adoption: Adoption,
        status: BridgeStatus,
        clock: Clock,
    ) -> None:
        self._inbox = inbox
        self._desk = desk
        self._callers = callers
        self._connections = connections
        self._adoption = adoption
        self._status = status
        self._clock = clock
        self._rounds = 0
        self._has_own_past = True

    async def run(self) -> None:
        """Tend for ever; the first round takes up what an earlier process of this bridge left, without waiting.

        The leases are kept beside that too: a round takes longer than they last where much is fetched for another bridge.
        """
        await asyncio.gather(_for_ever(self.tend), _for_ever(self.keep_leases))

    async def tend(self) -> None:
        await self.keep_leases()
        await self._take_up_what_is_left()
        await self._connections.end_expired()
        await self._adoption.look()
        if self._rounds % _TENDS_AN_HOUR == 0:
            await self._inbox.forget_old()
        self._rounds += 1

    async def keep_leases(self) -> None:
        """Keep what is worked on from other bridges, and tell how it stands."""
        works = self._desk.works()
        oldest = min((work.row.created_at for work in works), default=None)
        self._status.waiting = len(works) - self._status.running
        age = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        self._status.oldest_seconds = max(0.0, age)
        await self._inbox.renew([work.row.id for work in works])

    async def _take_up_what_is_left(self) -> None:
        """Begin what a bridge left behind; what this one has no room for now comes in a later round."""
        while len(self._desk.works()) < ENOUGH:
            rows = await self._inbox.take_up(with_own_past=self._has_own_past)
            for row in rows:
                await self._take_up(row)
            if len(rows) < TAKEN_AT_ONCE:
                self._has_own_past = False
                return

    async def _take_up(self, row: BridgeRequest) -> None:
        self._status.taken_up += 1
        principal = None
        if row.answer is None:
            try:
                principal = await self._callers.of_row(row)
            except UnavailableError:
                raise
            except PortalError as error:
                row.answer = Frames(row.request).error(error)
                await self._inbox.answer(row, row.answer)
        await self._desk.begin(Work(row, principal))


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except PortalError as error:
            logger.warning("the MQTT inbox could not be tended: %s", error.message)
        except Exception:
            logger.exception("the MQTT inbox could not be tended")
        await asyncio.sleep(TEND_SECONDS)
