"""Named locks within one process, first come first served, across threads and event loops."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.coord.base import LockQueueFullError, LockTimeoutError
from app.coord.waiter import Waiter


@dataclass(frozen=True, slots=True)
class LocalLease:
    """A lock of this process is never lost: whoever held it dies with it."""

    is_lost: bool = False


@dataclass(slots=True)
class _Lock:
    holder: Waiter | None = None
    queue: deque[Waiter] = field(default_factory=deque)


class LocalLocks:
    """The locks of one process. A plain mutex guards the queues and is never held while waiting."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._locks: dict[str, _Lock] = {}

    @asynccontextmanager
    async def hold(
        self, name: str, *, max_waiting: int, wait_seconds: float | None = None
    ) -> AsyncIterator[LocalLease]:
        """See `coord.base.Locks.hold`."""
        ticket = Waiter()
        if not self._enter(name, ticket, max_waiting):
            try:
                is_granted = await ticket.wait(wait_seconds)
            except BaseException:
                self._leave(name, ticket)
                raise
            if not is_granted and not self._leave_unless_granted(name, ticket):
                raise LockTimeoutError(f"the lock was not free within {wait_seconds} s")
        try:
            yield LocalLease()
        finally:
            self._leave(name, ticket)

    def waiting(self, name: str) -> int:
        """Return how many callers wait for a lock."""
        with self._mutex:
            lock = self._locks.get(name)
            return len(lock.queue) if lock else 0

    def _enter(self, name: str, ticket: Waiter, max_waiting: int) -> bool:
        with self._mutex:
            lock = self._locks.setdefault(name, _Lock())
            if lock.holder is None:
                lock.holder = ticket
                return True
            if len(lock.queue) >= max_waiting:
                raise LockQueueFullError(f"{len(lock.queue)} callers wait for this lock already")
            lock.queue.append(ticket)
            return False

    def _leave_unless_granted(self, name: str, ticket: Waiter) -> bool:
        """Leave the queue after a time-out; True when the lock was granted in the same moment."""
        with self._mutex:
            lock = self._locks[name]
            if lock.holder is ticket:
                return True
            lock.queue.remove(ticket)
            return False

    def _leave(self, name: str, ticket: Waiter) -> None:
        """Give the lock to the next one in the queue, or leave the queue."""
        with self._mutex:
            lock = self._locks[name]
            if lock.holder is not ticket:
                lock.queue.remove(ticket)
                return
            lock.holder = None
            while lock.queue:
                following = lock.queue.popleft()
                if following.wake():  # a waiter whose event loop is gone is passed over
                    lock.holder = following
                    return
            del self._locks[name]
