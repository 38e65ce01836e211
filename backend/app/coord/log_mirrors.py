"""Follows event logs that other replicas write: one blocking read for all of them, shared by all their readers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from app.coord.base import CoordUnavailableError, LogNotFoundError
from app.coord.event_log import EventLog
from app.coord.log_flusher import END_FIELD, owner_key, stream_key
from app.coord.redis_link import CALL_SECONDS, RedisLink, presence_key

_BLOCK_MS = 100  # a log that is followed anew joins the shared read after so long at the latest
_GATHER_SECONDS = 0.01
_CHECK_SECONDS = 5.0
_GIVE_UP_SECONDS = 5.0

Entries = list[tuple[bytes, dict[bytes, bytes]]]


@dataclass(slots=True)
class _Mirror:
    log: EventLog
    readers: int = 0
    heard_at: float = field(default_factory=time.monotonic)
    times_missing: int = 0

    def take(self, entries: Entries) -> None:
        """Append what is new; entries may overlap with what is here."""
        for _, fields in entries:
            is_end = fields.pop(END_FIELD, None) is not None
            numbered = sorted((int(number), data) for number, data in fields.items())
            for number, data in numbered:
                if number == len(self.log.events) + 1 and not self.log.is_ended:
                    self.log.append(data, is_last=is_end and number == numbered[-1][0])
        self.heard_at, self.times_missing = time.monotonic(), 0


class LogMirrors:
    """Local copies of other replicas' logs, kept while somebody reads them."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._mirrors: dict[str, _Mirror] = {}
        self._has_mirrors = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="coord-log-reader")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._fail_all("the portal is shutting down")

    @asynccontextmanager
    async def follow(self, log_id: str) -> AsyncIterator[EventLog]:
        """Give a local copy that grows for as long as the block lasts.

        Raises:
            LogNotFoundError: when Redis has no such log.
            CoordUnavailableError: when Redis does not answer.
        """
        mirror = self._mirrors.get(log_id)
        if mirror is None:
            mirror = await self._load(log_id)
        mirror.readers += 1
        try:
            yield mirror.log
        finally:
            mirror.readers -= 1
            if not mirror.readers and self._mirrors.get(log_id) is mirror:
                del self._mirrors[log_id]

    async def _load(self, log_id: str) -> _Mirror:
        entries: Any = await self._link.call(lambda: self._link.client.xrange(stream_key(log_id)))
        if not entries and not await self._link.call(lambda: self._link.client.exists(owner_key(log_id))):
            raise LogNotFoundError(f"there is no log {log_id}")
        mirror = _Mirror(EventLog(log_id))
        mirror.take(entries)
        if mirror.log.is_ended:
            return mirror
        self._has_mirrors.set()
        return self._mirrors.setdefault(log_id, mirror)

    async def _run(self) -> None:
        client = self._link.own_client()
        try:
            while True:
                await self._has_mirrors.wait()
                try:
                    await self._read_once(client)
                    await self._check_silent()
                except (RedisError, OSError, CoordUnavailableError):
                    await asyncio.sleep(
                        0.2
                    )  # readers wait a little; the link's probe says when Redis is back
                    self._give_up_if_away_for_long()
                if not self._mirrors:
                    self._has_mirrors.clear()
        finally:
            await client.aclose()

    async def _read_once(self, client: Any) -> None:
        positions: dict[Any, Any] = {
            stream_key(log_id): f"{len(mirror.log.events)}-0" for log_id, mirror in self._mirrors.items()
        }
        if not positions:
            return
        async with asyncio.timeout(CALL_SECONDS + _BLOCK_MS / 1000):
            answer = await client.xread(positions, block=_BLOCK_MS)
        for key, entries in answer.items() if isinstance(answer, dict) else answer or []:
            log_id = key.decode().removeprefix(stream_key(""))
            mirror = self._mirrors.get(log_id)
            if mirror is not None:
                mirror.take(entries)
                if mirror.log.is_ended:
                    del self._mirrors[log_id]
        if answer:
            await asyncio.sleep(_GATHER_SECONDS)

    async def _check_silent(self) -> None:
        """End the copies of logs that nobody writes any more: Redis lost them, or their writer died."""
        now = time.monotonic()
        for log_id, mirror in list(self._mirrors.items()):
            if now - mirror.heard_at < _CHECK_SECONDS:
                continue
            mirror.heard_at = now
            mirror.times_missing = 0 if await self._is_written(log_id) else mirror.times_missing + 1
            if mirror.times_missing >= 2:  # once may be a Redis that has just restarted empty
                self._mirrors.pop(log_id, None)
                mirror.log.fail(lambda: LogNotFoundError("nobody writes this log any more"))

    async def _is_written(self, log_id: str) -> bool:
        owner: Any = await self._link.call(lambda: self._link.client.get(owner_key(log_id)))
        if owner is None:
            return False
        return bool(await self._link.call(lambda: self._link.client.exists(presence_key(owner.decode()))))

    def _give_up_if_away_for_long(self) -> None:
        """Let readers go to look elsewhere when Redis does not come back."""
        if not self._link.is_up and time.monotonic() - self._link.changed_at > _GIVE_UP_SECONDS:
            self._fail_all("Redis has been away for too long")

    def _fail_all(self, why: str) -> None:
        mirrors, self._mirrors = self._mirrors, {}
        for mirror in mirrors.values():
            mirror.log.fail(lambda: CoordUnavailableError(why))
