"""The one Pub/Sub connection of a coordinator: signals between replicas, and wake-ups for lock waiters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from redis.exceptions import RedisError

from app.coord.redis_link import CALL_SECONDS, RedisLink

_PREFIX = b"pp:signal:"
_SILENCE_SECONDS = 5.0


class RedisChannel:
    """Receives what is published to this replica's own channel and to all signals."""

    def __init__(
        self,
        link: RedisLink,
        replica_id: str,
        *,
        on_wake: Callable[[bytes], None],
        on_signal: Callable[[str, bytes], None],
    ) -> None:
        self._link = link
        self.own_channel = f"pp:wake:{replica_id}"
        self._on_wake = on_wake
        self._on_signal = on_signal
        self._is_listening = asyncio.Event()
        self._must_reconnect = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        link.on_change.append(lambda _is_up: self._must_reconnect.set())

    async def start(self) -> None:
        """Begin to listen; returns once subscribed, or after a second without Redis."""
        self._task = asyncio.create_task(self._run(), name="coord-channel")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS if self._link.is_up else 0):
                await self._is_listening.wait()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def publish_signal(self, topic: str, payload: bytes) -> None:
        """Send to every replica, this one included. Raises CoordUnavailableError."""
        await self._link.call(lambda: self._link.client.publish(_PREFIX + topic.encode(), payload))

    async def _run(self) -> None:
        while True:
            self._must_reconnect.clear()
            if self._link.is_up:
                listening = asyncio.create_task(self._listen())
                changed = asyncio.create_task(self._must_reconnect.wait())
                try:
                    await asyncio.wait([listening, changed], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self._is_listening.clear()
                    listening.cancel()
                    changed.cancel()
                    await asyncio.gather(listening, changed, return_exceptions=True)
                await asyncio.sleep(0.1)  # when Redis refuses the subscription, do not spin
            else:
                await self._must_reconnect.wait()

    async def _listen(self) -> None:
        client = self._link.own_client()
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(self.own_channel)
                await pubsub.psubscribe(_PREFIX + b"*")
                is_asked = False
                while True:
                    message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                    if message is not None:
                        is_asked = False
                        self._dispatch(message)
                    elif is_asked:
                        return  # no pong either: the connection is dead, though nobody told us
                    else:
                        is_asked = True
                        await pubsub.ping()
        except (RedisError, OSError):
            return  # the link's probe finds out whether Redis is away; then we listen again
        finally:
            await client.aclose()

    def _dispatch(self, message: dict[str, object]) -> None:
        kind, channel, data = message["type"], message["channel"], message["data"]
        if kind == "psubscribe":
            self._is_listening.set()
            for callback in self._link.on_renewal:
                callback()
        elif kind == "message" and isinstance(data, bytes):
            self._on_wake(data)
        elif kind == "pmessage" and isinstance(data, bytes) and isinstance(channel, bytes):
            self._on_signal(channel.removeprefix(_PREFIX).decode(), data)
