"""How long to wait before the next start: doubling, capped, forgotten after a healthy minute."""

from __future__ import annotations


class Backoff:
    """Delays between restarts, in seconds."""

    def __init__(
        self, first_seconds: float = 0.2, most_seconds: float = 10, healthy_seconds: float = 60
    ) -> None:
        self._first = first_seconds
        self._most = most_seconds
        self._healthy = healthy_seconds
        self._next = first_seconds

    def after(self, uptime_seconds: float) -> float:
        """Return the delay after a run of that length, and double the one after it."""
        if uptime_seconds >= self._healthy:
            self._next = self._first
        delay = self._next
        self._next = min(self._most, delay * 2)
        return delay
