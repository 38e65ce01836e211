"""Kept bytes within one process: bounded in all, each for its time."""

from __future__ import annotations

import threading
from collections import OrderedDict

from app.kit.clock import Clock
from app.kit.compact import compact

OVERHEAD_BYTES = 256
"""What an entry costs beside its value."""


class LocalBlobs:
    """See `coord.base.Blobs`. What was used longest ago makes room."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    async def get(self, name: str) -> bytes | None:
        """See `coord.base.Blobs.get`."""
        with self._mutex:
            entry = self._entries.get(name)
            if entry is None:
                return None
            if entry[0] <= self._clock.monotonic():
                self._drop(name)
                return None
            self._entries.move_to_end(name)
            return entry[1]

    async def put(self, name: str, value: bytes, *, seconds: float, max_bytes: int) -> None:
        """See `coord.base.Blobs.put`."""
        size = len(value) + OVERHEAD_BYTES
        with self._mutex:
            if name in self._entries:
                self._drop(name)
            if size > max_bytes:
                return
            while self._bytes + size > max_bytes:
                self._drop(next(iter(self._entries)))
            self._entries[name] = (self._clock.monotonic() + seconds, compact(value))
            self._bytes += size

    def _drop(self, name: str) -> None:
        _, value = self._entries.pop(name)
        self._bytes -= len(value) + OVERHEAD_BYTES
