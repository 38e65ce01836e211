"""What this bridge works on now: begins requests in their order, stops them, and knows which it holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable

from app.bridge.frames import Frames
from app.bridge.inbox import Inbox
from app.bridge.intake import Taken
from app.bridge.order import SessionOrder
from app.bridge.status import BridgeStatus
from app.bridge.worker import Work, Worker
from app.errors import PortalError, TooManyRequestsError

logger = logging.getLogger(__name__)


class Desk:
    """Requests of one session run one after another, those of different sessions side by side."""

    def __init__(
        self,
        worker: Worker,
        inbox: Inbox,
        status: BridgeStatus,
        *,
        max_waiting: int,
    ) -> None:
        self._worker = worker
        self._inbox = inbox
        self._status = status
        self._order: SessionOrder[Work] = SessionOrder(
            self._run, lambda work: work.row.created_at, max_waiting=max_waiting
        )
        self._works: dict[tuple[int, str, str], Work] = {}

    def works(self) -> list[Work]:
        """Return what waits or runs."""
        return [*self._works.values()]

    async def begin(self, work: Work) -> None:
        """Run a request when its turn comes; of a game's states only the newest waits."""
        self._works[work.key] = work
        key: Hashable = work.session or work.key
        if work.row.is_state:
            replaced = self._order.put_newest(key, work)
            if replaced is not None:
                self._status.states_replaced += 1
                self._works.pop(replaced.key, None)
                self._inbox.sent(replaced.row.id)
        elif not self._order.put(key, work):
            self._works.pop(work.key, None)
            await self._turn_away(work)

    def redirect(self, again: Taken) -> None:
        """Send the rest of an answer to where its request came again from: a client that was started anew listens there."""
        new = again.new
        work = self._works.get((new.user_id, new.client, new.request))
        if work is not None and work.row.payload_hash == new.payload_hash:
            work.reply = again.reply

    async def stop(self, work: Work) -> None:
        await self._worker.stop(work)

    async def close(self) -> None:
        """Cancel what runs; it stays in the inbox."""
        await self._order.close()

    async def _turn_away(self, work: Work) -> None:
        error = TooManyRequestsError(
            "Too many requests of this session wait.", code="session_busy", retry_after_seconds=2
        )
        answer = Frames(work.row.request).error(error)
        if await self._inbox.answer(work.row, answer):
            await self._worker.send(work.reply, answer)
            self._inbox.sent(work.row.id)

    async def _run(self, work: Work) -> None:
        work.task = asyncio.current_task()
        self._status.running += 1
        try:
            await self._worker.work(work)
        except PortalError as error:  # it stays in the inbox, and is taken up again
            logger.warning("an MQTT answer is delayed: %s", error.message)
        except Exception:
            logger.exception("an MQTT request could not be finished")
        finally:
            self._status.running -= 1
            if self._works.get(work.key) is work:
                del self._works[work.key]
