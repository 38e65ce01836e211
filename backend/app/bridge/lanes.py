"""Messages as they came, a lane for each sender: one client's messages keep their order, and no client holds up another.

That holds over its topics: a cancel never overtakes the request that it is about.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from app.bridge.status import BridgeStatus
from app.bridge.topics import sender_of
from app.bridge.transport import Incoming
from app.errors import PortalError, UnavailableError

logger = logging.getLogger(__name__)

_BATCH = 50
# What is sent at QoS 0 may be lost; of the rest the broker's window lets only so much be under way.
_MAX_UNASSURED = 2_000
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.1, 2.0


class Lanes:
    """Hands messages on in batches, and acknowledges each batch once it was taken in."""

    def __init__(
        self,
        take_in: Callable[[Sequence[Incoming]], Awaitable[None]],
        status: BridgeStatus,
    ) -> None:
        self._take_in = take_in
        self._status = status
        self._lanes: dict[str, deque[Incoming]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unassured = 0

    def put(self, message: Incoming) -> None:
        """Take a message; one of QoS 0 is dropped when too many of them wait."""
        self._status.received += 1
        if message.qos == 0:
            if self._unassured >= _MAX_UNASSURED:
                self._status.dropped += 1
                return
            self._unassured += 1
        sender = sender_of(message.topic)
        lane = self._lanes.get(sender)
        if lane is not None:
            lane.append(message)
            return
        self._lanes[sender] = deque([message])
        task = asyncio.create_task(self._serve(sender), name="mqtt-lane")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what was not taken in was not acknowledged either, and the broker has it still."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, sender: str) -> None:
        lane = self._lanes[sender]
        try:
            while lane:
                batch = [lane.popleft() for _ in range(min(_BATCH, len(lane)))]
                self._unassured -= sum(message.qos == 0 for message in batch)
                await self._take(batch)
        finally:
            del self._lanes[sender]

    async def _take(self, batch: Sequence[Incoming]) -> None:
        """Take in a batch, one by one if it does not go together, and again for as long as the database is away."""
        delay = _FIRST_DELAY_SECONDS
        while True:
            try:
                await self._take_in(batch)
                break
            except UnavailableError as error:
                logger.warning("MQTT messages wait to be taken in: %s", error.message)
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY_SECONDS)
            except Exception as error:
                if len(batch) > 1:
                    for message in batch:
                        await self._take([message])
                    return
                is_known = isinstance(error, PortalError)
                logger.warning("an MQTT message could not be taken in: %r", error, exc_info=not is_known)
                break  # what is broken now would be broken again: it is not asked for any more
        for message in batch:
            message.transport.acknowledge(message)
