"""Copies this replica's event logs to Redis Streams, in batches, behind the writers' backs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from app.coord.base import CoordUnavailableError
from app.coord.event_log import EventLog
from app.coord.redis_link import RedisLink

_logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.015
UNFINISHED_SECONDS = 24 * 3600
END_FIELD = b"end"


def stream_key(log_id: str) -> str:
    """Name the stream of a log. Its entries have the ids `n-0` and, by their numbers, the events up to the n-th."""
    return f"pp:log:{log_id}"


def owner_key(log_id: str) -> str:
    """Name the key that says who writes a log; it exists from the log's opening."""
    return f"pp:log-owner:{log_id}"


@dataclass(frozen=True, slots=True)
class _Sent:
    log: EventLog
    position: int
    end: int
    is_ended: bool


class LogFlusher:
    """Flushes what writers have appended. While Redis is away everything is kept, and sent when it is back."""

    def __init__(self, link: RedisLink, owner: str, *, retention_seconds: float) -> None:
        self._link = link
        self._owner = owner
        self._retention_seconds = round(retention_seconds)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._logs: dict[str, EventLog] = {}  # not yet wholly in Redis
        self._positions: dict[str, int] = {}
        self._dirty: dict[str, EventLog] = {}
        self._must_resync = False
        self._work = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        link.on_renewal.append(self._on_renewal)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name="coord-flusher")

    async def close(self) -> None:
        """Send what is left, if Redis is there, and stop."""
        with contextlib.suppress(CoordUnavailableError):
            await self.flush()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def add(self, log: EventLog) -> None:
        """Take charge of a new log."""
        self._logs[log.log_id] = log
        self._positions[log.log_id] = 0

    def has(self, log_id: str) -> bool:
        return log_id in self._logs

    def touch(self, log: EventLog) -> None:
        """Note that a log has new events; callable from any thread."""
        self._dirty[log.log_id] = log
        try:
            if asyncio.get_running_loop() is self._loop:
                self._work.set()
                return
        except RuntimeError:
            pass
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
            self._loop.call_soon_threadsafe(self._work.set)

    async def flush(self) -> None:
        """Send everything now; raises CoordUnavailableError, and then keeps it for later."""
        async with self._flushing:
            if self._must_resync:
                await self._resync()
            batch, self._dirty = self._dirty, {}
            try:
                if lost := await self._send(list(batch.values())):
                    await self._send(lost)
            except BaseException:
                self._dirty = {**batch, **self._dirty}
                raise

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._work.clear()
            try:
                await self.flush()
            except CoordUnavailableError:
                if self._link.is_up:  # one bad call: try again soon; else _on_renewal wakes us
                    await asyncio.sleep(0.5)
                    self._work.set()
            except Exception:
                _logger.exception("event logs could not be copied to Redis")
                await asyncio.sleep(0.5)
                self._work.set()

    async def _send(self, logs: list[EventLog]) -> list[EventLog]:
        """Send what is new of each log; returns those that Redis had lost, which are to be sent again from the start."""
        sent: list[_Sent] = []
        async with self._link.client.pipeline(transaction=False) as pipeline:
            for log in logs:
                position = self._positions.get(log.log_id, 0)
                events, is_ended = log.since(position)
                if events:
                    self._queue(pipeline, log.log_id, position, events, is_ended)
                    sent.append(_Sent(log, position, position + len(events), is_ended))
            if not sent:
                return []
            answers = iter(await self._link.call(lambda: pipeline.execute(raise_on_error=False)))
        lost = []
        for item in sent:
            kept = _checked(next(answers)) if item.position else None
            for _ in range(3 if item.is_ended or not item.position else 1):
                _checked(next(answers))
            if item.position and _number_of_last(kept) < item.position:
                lost.append(item.log)
            else:
                self._note(item)
        for log in lost:
            await self._link.call(lambda log=log: self._link.client.delete(stream_key(log.log_id)))  # type: ignore[misc]
            self._positions[log.log_id] = 0
        return lost

    def _note(self, item: _Sent) -> None:
        log_id = item.log.log_id
        self._positions[log_id] = item.end
        if item.is_ended:
            del self._positions[log_id]
            self._logs.pop(log_id, None)

    def _queue(self, pipeline: Any, log_id: str, position: int, events: list[bytes], is_ended: bool) -> None:
        """Add the commands for one log: what Redis has of it (a Redis that came back empty has nothing), then the new."""
        fields: dict[Any, Any] = dict(enumerate(events, position + 1))
        if is_ended:
            fields[END_FIELD] = b"1"
        if position:
            pipeline.xrevrange(stream_key(log_id), count=1)
        pipeline.xadd(stream_key(log_id), fields, id=f"{position + len(events)}-0", nomkstream=position > 0)
        if is_ended or position == 0:
            seconds = self._retention_seconds if is_ended else UNFINISHED_SECONDS
            pipeline.expire(stream_key(log_id), seconds)
            pipeline.set(owner_key(log_id), self._owner, ex=seconds)

    async def _resync(self) -> None:
        """After the connection was lost: find out how much of each log Redis still has; the rest is to be sent again."""
        for log in list(self._logs.values()):
            self._positions[log.log_id] = await self._kept(stream_key(log.log_id))
            self._dirty[log.log_id] = log
        self._must_resync = False

    async def _kept(self, key: str) -> int:
        """Return the number up to which Redis has a log from its first event on."""
        client = self._link.client
        first: Any = await self._link.call(lambda: client.xrange(key, count=1))
        if not first:
            return 0
        if b"1" not in first[0][1]:  # Redis lost the beginning, and we went on before we knew
            await self._link.call(lambda: client.delete(key))
            return 0
        return _number_of_last(await self._link.call(lambda: client.xrevrange(key, count=1)))

    def _on_renewal(self) -> None:
        self._must_resync = True
        self._work.set()


def _number_of_last(entries: Any) -> int:
    return int(entries[0][0].partition(b"-")[0]) if entries else 0


def _checked(answer: Any) -> Any:
    """Pass over what was there already (a call that was repeated, a log that a reaper has ended); raise the rest."""
    if isinstance(answer, ResponseError) and "equal or smaller" in str(answer):
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer
