"""Event logs that every replica can read: written in this process's memory, copied to Redis behind it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from app.coord.base import CoordUnavailableError, LogEvent
from app.coord.event_log import EventLog
from app.coord.local_logs import LocalLogs
from app.coord.log_flusher import END_FIELD, UNFINISHED_SECONDS, LogFlusher, owner_key, stream_key
from app.coord.log_mirrors import LogMirrors
from app.coord.redis_link import RedisLink

# KEYS: stream, owner. ARGV: terminal event, retention in s, name of the field that marks the end.
_ABANDON = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last and redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local number = 1
if last then
  for i = 1, #last[2], 2 do
    if last[2][i] == ARGV[3] then return 0 end
  end
  number = tonumber(string.match(last[1], '^%d+')) + 1
end
local id = string.format('%.0f', number)
redis.call('XADD', KEYS[1], id .. '-0', id, ARGV[1], ARGV[3], '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return number
"""


class RedisLogWriter:
    """The one writer of a log. Readers of this process see an event at once, others within about 20 ms."""

    def __init__(self, log: EventLog, local: LocalLogs, flusher: LogFlusher) -> None:
        self._log = log
        self._local = local
        self._flusher = flusher

    def append(self, data: bytes) -> int:
        """Add an event without waiting; returns its number."""
        number = self._log.append(data)
        self._flusher.touch(self._log)
        return number

    async def finish(self, data: bytes) -> int:
        """Add the terminal event; returns its number once Redis has it, or cannot be reached."""
        number = self._log.append(data, is_last=True)
        self._local.note_end(self._log)
        self._flusher.touch(self._log)
        with contextlib.suppress(CoordUnavailableError):
            await self._flusher.flush()
        return number


class RedisLogs:
    """Logs of this process from memory, those of other replicas from Redis."""

    def __init__(
        self, link: RedisLink, local: LocalLogs, flusher: LogFlusher, mirrors: LogMirrors, owner: str
    ) -> None:
        self._link = link
        self._local = local
        self._flusher = flusher
        self._mirrors = mirrors
        self._owner = owner
        self._abandon = link.script(_ABANDON)

    async def open(self, log_id: str) -> RedisLogWriter:
        """See `coord.base.EventLogs.open`."""
        log = self._local.create(log_id)
        try:
            if not await self._claim(log_id):
                self._local.discard(log_id)
                raise ValueError(f"the log {log_id} is open already")
        except CoordUnavailableError:
            pass  # readers of this process can follow it; the others when Redis is back
        self._flusher.add(log)
        return RedisLogWriter(log, self._local, self._flusher)

    async def read(self, log_id: str, *, after: int = 0) -> AsyncIterator[LogEvent]:
        """See `coord.base.EventLogs.read`.

        Raises:
            CoordUnavailableError: when the log is not of this process and Redis does not answer.
            LogNotFoundError: also in the midst, when Redis lost the log and its writer is gone.
        """
        own = self._local.find(log_id)
        if own is not None:
            async for event in own.read(after):
                yield event
            return
        async with self._mirrors.follow(log_id) as log:
            async for event in log.read(after):
                yield event

    async def abandon(self, log_id: str, data: bytes) -> None:
        """See `coord.base.EventLogs.abandon`. Raises CoordUnavailableError for a log of another replica."""
        ended = self._local.end_unfinished(log_id, data)
        if ended is not None and self._flusher.has(log_id):
            self._flusher.touch(ended)
            return
        keys = [stream_key(log_id), owner_key(log_id)]
        arguments: list[bytes | int] = [data, round(self._local.retention_seconds), END_FIELD]
        await self._link.call(lambda: self._abandon(keys=keys, args=arguments))

    async def _claim(self, log_id: str) -> bool:
        """Make this replica the log's writer; False when there is one."""
        key, client = owner_key(log_id), self._link.client
        if await self._link.call(lambda: client.set(key, self._owner, nx=True, ex=UNFINISHED_SECONDS)):
            return True
        # a repeated call finds its own first try
        return bool(await self._link.call(lambda: client.get(key)) == self._owner.encode())
