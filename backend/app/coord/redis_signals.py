"""Signals to every replica. Listeners in this process hear them without Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from app.coord.local_signals import LocalSignals
from app.coord.redis_channel import RedisChannel

_ID_BYTES = 32


class RedisSignals:
    """A message carries the id of the process it comes from, whose listeners have had it already."""

    def __init__(self, hub_id: str, local: LocalSignals) -> None:
        self._hub_id = hub_id.encode()
        self._local = local
        self.channel: RedisChannel | None = None

    async def publish(self, topic: str, payload: bytes) -> None:
        """See `coord.base.Signals.publish`. Raises CoordUnavailableError when other replicas could not be told."""
        self._local.deliver(topic, payload)
        assert self.channel is not None
        await self.channel.publish_signal(topic, self._hub_id + payload)

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """See `coord.base.Signals.listen`."""
        return self._local.listen(topic)

    def receive(self, topic: str, message: bytes) -> None:
        """Take a message from Redis."""
        if message[:_ID_BYTES] != self._hub_id:
            self._local.deliver(topic, message[_ID_BYTES:])
