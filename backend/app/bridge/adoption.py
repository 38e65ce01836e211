"""Fetches what waits at the broker for a bridge that died: connects in its name, takes its messages in, and ends its session.

A broker that deals shared requests to its members keeps those of a dead one for it alone, until its session ends, and
then throws them away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from app.bridge.choice import client_id
from app.bridge.members import GRACE_SECONDS, Members
from app.bridge.presence import status_topic
from app.bridge.status import BridgeStatus
from app.bridge.transport import Broker, Incoming, MqttTransport

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_QUIET_SECONDS = 0.5
_LONGEST_SECONDS = 60.0


class Adoption:
    """One for a bridge; `put` takes the messages in as if they had come to this bridge."""

    def __init__(
        self,
        broker: Broker,
        members: Members,
        subscriptions: Callable[[], list[str]],
        put: Callable[[Incoming], None],
        clear: Callable[[str], None],
        status: BridgeStatus,
    ) -> None:
        self._broker = broker
        self._members = members
        self._subscriptions = subscriptions
        self._put = put
        self._clear = clear
        self._status = status

    async def look(self) -> None:
        """Fetch what waits for bridges that are gone, where the broker keeps it for them."""
        if not self._broker.profile.keeps_dead_members_messages:
            return
        for bridge in self._members.to_adopt():
            if await self._fetch(bridge):
                self._members.forget(bridge)
                self._clear(status_topic(bridge))

    async def _fetch(self, bridge: str) -> bool:
        """Return whether nothing waits for it any more; False when it came back, or the broker went away."""
        is_there = asyncio.Event()
        has_ended = asyncio.Event()
        count = 0

        def on_change(is_connected: bool) -> None:
            (is_there if is_connected else has_ended).set()

        def on_message(message: Incoming) -> None:
            nonlocal count
            count += 1
            self._put(message)

        transport = MqttTransport(
            self._broker,
            client_id(self._broker, bridge),
            on_change,
            last_will=None,
            reconnects=False,
            behind_seconds=GRACE_SECONDS,
        )
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                transport.open([], on_message)
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await is_there.wait()
                transport.unsubscribe(self._subscriptions())
                await _until_quiet(lambda: (count, transport.unacknowledged, has_ended.is_set()))
        except TimeoutError:
            logger.warning("what waits at the MQTT broker for the bridge %s could not be fetched", bridge)
            return False
        finally:
            await transport.close(ends_session=not has_ended.is_set() and not transport.unacknowledged)
        if has_ended.is_set():
            return False
        self._status.adopted += count
        logger.info("the MQTT bridge %s is gone; %d requests that waited for it were fetched", bridge, count)
        return True


async def _until_quiet(look: Callable[[], tuple[int, int, bool]]) -> None:
    """Wait until nothing more comes and all that came is taken in, or the connection has ended."""
    before = -1
    while True:
        await asyncio.sleep(_QUIET_SECONDS)
        count, unacknowledged, has_ended = look()
        if has_ended or (count == before and unacknowledged == 0):
            return
        before = count
