"""The event logs that this process writes, kept for a while after their end."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from itertools import islice

from app.coord.base import LogEvent, LogNotFoundError
from app.coord.event_log import EventLog
from app.kit.clock import Clock

RETENTION_SECONDS = 600.0
MAX_BYTES = 64 * 1024 * 1024
_SWEEP_AT_MOST = 64  # a look-up shall not pay for a thousand old logs at once


class LocalLogWriter:
    """The one writer of a log in this process."""

    def __init__(self, log: EventLog, on_end: Callable[[EventLog], None]) -> None:
        self._log = log
        self._on_end = on_end

    def append(self, data: bytes) -> int:
        """Add an event without waiting; returns its number."""
        return self._log.append(data)

    async def finish(self, data: bytes) -> int:
        """Add the terminal event; returns its number."""
        number = self._log.append(data, is_last=True)
        self._on_end(self._log)
        return number


class LocalLogs:
    """Logs by id. Ended ones go after ten minutes, or earlier, oldest first, when all of them pass 64 MiB."""

    def __init__(
        self, clock: Clock, *, retention_seconds: float = RETENTION_SECONDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._clock = clock
        self.retention_seconds = retention_seconds
        self._max_bytes = max_bytes
        self._mutex = threading.Lock()
        self._logs: dict[str, EventLog] = {}
        self._ended: dict[str, EventLog] = {}  # in the order of their ends
        self._ended_bytes = 0

    def create(self, log_id: str) -> EventLog:
        """Make an empty log; raises ValueError when there is one of that id."""
        with self._mutex:
            self._sweep()
            if log_id in self._logs:
                raise ValueError(f"the log {log_id} is open already")
            log = self._logs[log_id] = EventLog(log_id)
            return log

    def find(self, log_id: str) -> EventLog | None:
        """Return this process's log of that id."""
        with self._mutex:
            self._sweep()
            return self._logs.get(log_id)

    def unfinished(self) -> list[EventLog]:
        """Return the logs that are being written."""
        with self._mutex:
            return [log for log in self._logs.values() if not log.is_ended]

    def discard(self, log_id: str) -> None:
        """Forget a log at once."""
        with self._mutex:
            self._drop(log_id)

    def note_end(self, log: EventLog) -> None:
        """Begin a log's retention."""
        with self._mutex:
            log.ended_at = self._clock.monotonic()
            if self._logs.get(log.log_id) is log:
                self._ended[log.log_id] = log
                self._ended_bytes += log.size_bytes
            self._sweep()

    async def open(self, log_id: str) -> LocalLogWriter:
        """See `coord.base.EventLogs.open`."""
        return LocalLogWriter(self.create(log_id), self.note_end)

    async def read(self, log_id: str, *, after: int = 0) -> AsyncIterator[LogEvent]:
        """See `coord.base.EventLogs.read`."""
        log = self.find(log_id)
        if log is None:
            raise LogNotFoundError(f"there is no log {log_id}")
        async for event in log.read(after):
            yield event

    async def abandon(self, log_id: str, data: bytes) -> None:
        """See `coord.base.EventLogs.abandon`."""
        self.end_unfinished(log_id, data)

    def end_unfinished(self, log_id: str, data: bytes) -> EventLog | None:
        """End a log of this process with a terminal event; None when it has ended or is not here."""
        log = self.find(log_id)
        if log is None or log.is_ended:
            return None
        try:
            log.append(data, is_last=True)
        except ValueError:
            return None  # its writer finished in this very moment
        self.note_end(log)
        return log

    def _sweep(self) -> None:
        """Drop what is too old or too much. Readers of a dropped log keep it until they are through."""
        now = self._clock.monotonic()
        for log_id, log in list(islice(self._ended.items(), _SWEEP_AT_MOST)):
            is_old = log.ended_at is not None and now - log.ended_at > self.retention_seconds
            if not is_old and self._ended_bytes <= self._max_bytes:
                return
            self._drop(log_id)

    def _drop(self, log_id: str) -> None:
        self._logs.pop(log_id, None)
        if ended := self._ended.pop(log_id, None):
            self._ended_bytes -= ended.size_bytes
