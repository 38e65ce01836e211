"""What keys allow, kept for a moment: the thousand requests of a program are not a thousand queries.

A change of a key or of its owner empties it at once, on every replica by a signal. Where a signal is lost, or another program
wrote to the database, it is read anew within FRESH_SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.auth.principal import Principal
from app.coord.base import CoordUnavailableError, Signals
from app.errors import UnavailableError
from app.keys.errors import ExpiredKeyError
from app.kit.clock import Clock

logger = logging.getLogger("portal.auth")

FRESH_SECONDS = 1.0
STALE_SECONDS = 600.0
"""How long a key is still good while the database does not answer."""
PATIENCE_SECONDS = 0.25
"""How long a request whose key is known waits for a slow database."""
_ROUND_SECONDS = 0.25
_MAX_ENTRIES = 4096
_TOPIC = "rights"


@dataclass(frozen=True, slots=True)
class Found:
    """A key that was read, with its owner."""

    principal: Principal
    expires_at: datetime | None


@dataclass(slots=True)
class _Entry:
    found: Found
    read_at: float
    asked_at: float


class KeyCache:
    """Entries by the hash of the whole secret; keys that are not good are never kept."""

    def __init__(self, signals: Signals, clock: Clock) -> None:
        self._signals = signals
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._reading: dict[str, asyncio.Task[Found]] = {}
        self._changes = 0
        self._is_following = False
        self._has_heard = asyncio.Event()

    async def get(self, hashed: str, read: Callable[[], Awaitable[Found]]) -> Principal:
        """Return a key's principal, read if need be: once for all requests that wait for it. Raises what `read` raises."""
        entry, now = self._entries.get(hashed), self._clock.monotonic()
        if entry is None or now - entry.asked_at >= FRESH_SECONDS:
            found = await self._renewed(hashed, entry, read)
        else:
            found = entry.found
        if found.expires_at is not None and found.expires_at <= self._clock.now():
            raise ExpiredKeyError
        return found.principal

    async def forget(self) -> None:
        """A key or a person has changed: read every key anew, everywhere. Returns when the signal has come round."""
        self._empty()
        self._has_heard.clear()
        try:
            await self._signals.publish(_TOPIC, b"")
        except CoordUnavailableError:
            logger.debug("other replicas were not told that rights changed; they see it within a second")
            return
        if self._is_following:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ROUND_SECONDS):
                    await self._has_heard.wait()

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Hear of changes that other replicas made, for the block."""
        task = asyncio.create_task(self._follow(), name="key-cache")
        try:
            yield
        finally:
            self._is_following = False
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        async with self._signals.listen(_TOPIC) as messages:
            self._is_following = True
            async for _ in messages:
                self._empty()
                self._has_heard.set()

    def _empty(self) -> None:
        self._entries.clear()
        self._reading.clear()  # what is being read may be from before the change: nobody joins it
        self._changes += 1

    async def _renewed(
        self, hashed: str, entry: _Entry | None, read: Callable[[], Awaitable[Found]]
    ) -> Found:
        task = self._reading.get(hashed)
        if task is None:
            task = asyncio.ensure_future(self._read(hashed, read))
            self._reading[hashed] = task
            task.add_done_callback(lambda done: self._has_read(hashed, done))
        is_known = entry is not None and self._clock.monotonic() - entry.read_at < STALE_SECONDS
        if entry is None or not is_known:
            return await asyncio.shield(task)
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        if task.done() and not isinstance(task.exception(), UnavailableError):
            return task.result()
        entry.asked_at = self._clock.monotonic()
        return entry.found

    async def _read(self, hashed: str, read: Callable[[], Awaitable[Found]]) -> Found:
        changes = self._changes
        try:
            found = await read()
        except UnavailableError:
            raise
        except Exception:
            self._entries.pop(hashed, None)
            raise
        if changes == self._changes:
            now = self._clock.monotonic()
            if len(self._entries) >= _MAX_ENTRIES:
                self._entries.pop(next(iter(self._entries)))
            self._entries[hashed] = _Entry(found, now, now)
        return found

    def _has_read(self, hashed: str, task: asyncio.Task[Found]) -> None:
        if self._reading.get(hashed) is task:
            del self._reading[hashed]
        if not task.cancelled():
            task.exception()  # looked at: everybody who waited may have gone away
