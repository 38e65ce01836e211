"""A deadline that is moved for every chunk: two stores a chunk, one timer a stream, no task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watchdog:
    """Calls `on_expire` once when the armed deadline passes; a timer that fires early puts itself off."""

    def __init__(self, on_expire: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_expire = on_expire
        self._deadline: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self.has_expired = False

    def arm(self, deadline: float) -> None:
        """Set the deadline, in the loop's time."""
        self._deadline = deadline
        if self._handle is None:
            self._handle = self._loop.call_at(deadline, self._fire)
        elif deadline < self._handle.when():
            self._handle.cancel()
            self._handle = self._loop.call_at(deadline, self._fire)

    def disarm(self) -> None:
        """Stop watching while the reader of the stream, not the server, is slow."""
        self._deadline = None

    def close(self) -> None:
        """Drop the timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._handle = self._loop.call_at(self._deadline, self._fire)
            return
        self.has_expired = True
        self._on_expire()
