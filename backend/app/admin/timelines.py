"""Charts by group are asked for by everybody who watches, and made once every few seconds whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.admin.schemas import TimelineGroup, TimelineRead
from app.kit.clock import Clock

FRESH_SECONDS = 4.0

Make = Callable[[int, TimelineGroup], Awaitable[TimelineRead]]


class Timelines:
    """One for the process."""

    def __init__(self, make: Make, clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._kept: dict[tuple[int, TimelineGroup], tuple[float, TimelineRead]] = {}
        self._making = asyncio.Lock()

    async def read(self, minutes: int, by: TimelineGroup) -> TimelineRead:
        """Return an answer at most FRESH_SECONDS old; those who ask meanwhile wait for the same."""
        async with self._making:
            now = self._clock.monotonic()
            self._kept = {wish: kept for wish, kept in self._kept.items() if now - kept[0] < FRESH_SECONDS}
            if (minutes, by) not in self._kept:
                self._kept[minutes, by] = (now, await self._make(minutes, by))
            return self._kept[minutes, by][1]
