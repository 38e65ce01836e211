"""One event log in memory: a writer appends, any number of readers in any thread follow."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable

from app.coord.base import LogEvent
from app.coord.waiter import Waiter
from app.kit.compact import compact


class EventLog:
    """The events of one log, numbered from 1; `is_ended` once the terminal one is in."""

    __slots__ = ("_failure", "_mutex", "_waiters", "ended_at", "events", "is_ended", "log_id", "size_bytes")

    def __init__(self, log_id: str) -> None:
        self.log_id = log_id
        self.events: list[bytes] = []
        self.is_ended = False
        self.ended_at: float | None = None
        self.size_bytes = 0
        self._failure: Callable[[], Exception] | None = None
        self._mutex = threading.Lock()
        self._waiters: list[Waiter] = []

    def append(self, data: bytes, *, is_last: bool = False) -> int:
        """Add an event and wake the readers; returns its number. Raises ValueError when the log has ended."""
        with self._mutex:
            if self.is_ended:
                raise ValueError(f"the log {self.log_id} has ended")
            self.events.append(compact(data))
            self.size_bytes += len(data)
            self.is_ended = is_last
            number = len(self.events)
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.wake()
        return number

    def fail(self, failure: Callable[[], Exception]) -> None:
        """Let every reader end with an exception: no more events can come."""
        with self._mutex:
            self._failure = failure
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.wake()

    def since(self, position: int) -> tuple[list[bytes], bool]:
        """Return the events numbered above `position`, and whether the last of them is the terminal one."""
        with self._mutex:
            return self.events[position:], self.is_ended

    async def read(self, after: int = 0) -> AsyncIterator[LogEvent]:
        """Yield the events numbered above `after`, then live ones, until the terminal one."""
        position = max(0, after)
        while True:
            with self._mutex:
                fresh = self.events[position:]
                is_ended, failure = self.is_ended, self._failure
                waiter = None
                if not fresh and not is_ended and failure is None:
                    waiter = Waiter()
                    self._waiters.append(waiter)
            if waiter is not None:
                try:
                    await waiter.wait()
                finally:
                    self._forget(waiter)
                continue
            end = position + len(fresh)
            for data in fresh:
                position += 1
                yield LogEvent(position, data, is_ended and position == end)
            if is_ended:
                return
            if failure is not None and not fresh:
                raise failure()

    def _forget(self, waiter: Waiter) -> None:
        if waiter.is_woken:
            return
        with self._mutex:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
