"""Keeps the work of one session in the order it came, and lets a newer state of a game replace one that still waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(slots=True)
class _Line(Generic[Item]):
    waiting: deque[Item] = field(default_factory=deque)
    newest_state: Item | None = None


class SessionOrder(Generic[Item]):
    """Runs items: those of one key one after another, those of different keys side by side.

    Args:
        came_at: when an item came. One that was fetched for a bridge that is gone is older than what came here before it.
    """

    def __init__(
        self,
        run: Callable[[Item], Awaitable[None]],
        came_at: Callable[[Item], datetime],
        *,
        max_waiting: int,
    ) -> None:
        self._run = run
        self._came_at = came_at
        self._max_waiting = max_waiting
        self._lines: dict[Hashable, _Line[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, key: Hashable, item: Item) -> bool:
        """Run an item when its turn comes; False when too many of its key wait."""
        line = self._lines.get(key)
        if line is None:
            self._begin(key, item)
            return True
        if len(line.waiting) >= self._max_waiting:
            return False
        line.waiting.append(item)
        return True

    def put_newest(self, key: Hashable, item: Item) -> Item | None:
        """Run an item after what was put before; of two that wait the older one is dropped, and returned."""
        line = self._lines.get(key)
        if line is None:
            self._begin(key, item)
            return None
        waiting = line.newest_state
        if waiting is not None and self._came_at(waiting) > self._came_at(item):
            return item
        line.newest_state = item
        return waiting

    async def close(self) -> None:
        """Cancel what runs; what waits never begins."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, key: Hashable, item: Item) -> None:
        self._lines[key] = _Line()
        task = asyncio.create_task(self._work_off(key, item))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, key: Hashable, item: Item) -> None:
        line = self._lines[key]
        following: Item | None = item
        try:
            while following is not None:
                await self._run(following)
                if line.waiting:
                    following = line.waiting.popleft()
                else:
                    following, line.newest_state = line.newest_state, None
        finally:
            del self._lines[key]
