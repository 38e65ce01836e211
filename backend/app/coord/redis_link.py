"""The connection to Redis: every call is bounded in time, and while Redis is away calls fail at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from app.coord.base import CoordUnavailableError

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

_logger = logging.getLogger(__name__)

CALL_SECONDS = 1.0
_PROBE_EVERY_SECONDS = 0.5
_PRESENCE_MS = 10_000
_MAX_CONNECTIONS = 16

Result = TypeVar("Result")


def presence_key(replica_id: str) -> str:
    """Name the key that exists for as long as a replica lives, and ten seconds more."""
    return f"pp:replica:{replica_id}"


class RedisLink:
    """One client and what is known of its server.

    `on_change` callbacks hear `True` when the server is back and `False` when it is gone. `on_renewal` callbacks are called
    when a lost connection is there again, also if no call had failed meanwhile: the server may have lost its data.
    """

    def __init__(self, url: str, replica_id: str) -> None:
        # one retry at once: a connection that idled in the pool while Redis restarted is replaced unseen
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_MAX_CONNECTIONS,
            timeout=CALL_SECONDS,
            socket_timeout=None,  # `call` bounds it; the client's own is an asyncio.wait_for, which loses cancellations
            socket_connect_timeout=CALL_SECONDS,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self.client: Redis = Redis.from_pool(pool)
        self._url = url
        self._presence = presence_key(replica_id)
        self.is_up = False
        self.changed_at = time.monotonic()
        self.latency_ms = 0.0
        self.problem = "not connected yet"
        self.on_change: list[Callable[[bool], None]] = []
        self.on_renewal: list[Callable[[], None]] = []
        self._probe: asyncio.Task[None] | None = None

    def own_client(self) -> Redis:
        """Return a client with one connection of its own, for commands that block; the caller bounds its waits."""
        return Redis.from_url(
            self._url,
            max_connections=2,
            socket_timeout=None,
            socket_connect_timeout=CALL_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def script(self, source: str) -> AsyncScript:
        """Register a Lua script; it is loaded into the server when it is first called."""
        return self.client.register_script(source)

    async def start(self) -> None:
        """Connect if Redis is there, and keep looking from then on; never raises."""
        await self._look()
        self._probe = asyncio.create_task(self._keep_looking(), name="coord-probe")

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
        with contextlib.suppress(CoordUnavailableError):
            await self.call(lambda: self.client.delete(self._presence))
        await self.client.aclose()
        await self.client.connection_pool.disconnect()

    async def call(self, make: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call to Redis. Raises CoordUnavailableError within about a second when it does not answer."""
        if not self.is_up:
            raise CoordUnavailableError(self.problem)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await make()
        except (RedisError, OSError) as error:
            self._note(error)
            raise CoordUnavailableError(self.problem) from error

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_EVERY_SECONDS)
            await self._look()

    async def _look(self) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self.client.set(self._presence, b"1", px=_PRESENCE_MS)
        except (RedisError, OSError) as error:
            self._note(error)
            return
        self.latency_ms = (time.perf_counter() - began) * 1000
        if not self.is_up:
            self.is_up, self.problem, self.changed_at = True, "", time.monotonic()
            _logger.info("Redis answers")
            self._tell(True)

    def _note(self, error: Exception) -> None:
        self.problem = f"Redis does not answer ({type(error).__name__})"
        if self.is_up:
            self.is_up, self.changed_at = False, time.monotonic()
            _logger.warning(
                "Redis is away; locks and limits hold within this process only (%s: %s)",
                type(error).__name__,
                error,
            )
            self._tell(False)

    def _tell(self, is_up: bool) -> None:
        for callback in self.on_change:
            callback(is_up)
