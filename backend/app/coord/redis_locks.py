"""Named locks across replicas: a queue of tickets in Redis, each with a lease that its process keeps renewing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from app.coord.base import CoordUnavailableError, Lease, LockQueueFullError, LockTimeoutError
from app.coord.local_locks import LocalLocks
from app.coord.lock_scripts import ENTER, LEAVE, RENEW
from app.coord.redis_link import RedisLink
from app.coord.waiter import Waiter

LEASE_SECONDS = 9.0
_ADMITTED = 1_000_000  # who has queued in Redis is not refused by the process's own queue
_RENEW_AT_ONCE = 200
_MAX_LEFT_BEHIND = 1000


class _Ticket:
    """One caller's place in a queue; as a lease, what tells the holder that the place was lost."""

    def __init__(self, name: str, ticket_id: str, lease_seconds: float) -> None:
        self.name = name
        self.ticket_id = ticket_id
        self.waiter = Waiter()
        self.is_granted = False
        self.has_entered = False
        self._lease_seconds = lease_seconds
        self._renewed_at = time.monotonic()
        self._was_taken_away = False

    @property
    def keys(self) -> list[str]:
        return [f"pp:lock:{self.name}:queue", f"pp:lock:{self.name}:leases"]

    @property
    def is_lost(self) -> bool:
        return self._was_taken_away or time.monotonic() - self._renewed_at > self._lease_seconds

    def note(self, rank: int, asked_at: float) -> None:
        """Take what Redis said of this ticket: its rank, or -1 when somebody else holds the lock meanwhile."""
        self._renewed_at = asked_at
        if rank < 0:
            self._was_taken_away = True
        elif rank == 0:
            self.grant()

    def grant(self) -> None:
        self.is_granted = True
        self.waiter.wake()


class RedisLocks:
    """Locks held in Redis and, beneath, in this process; the latter alone while Redis is away.

    Then two replicas may interleave on one name. That is chosen over refusing to work: what the portal guards so
    (turns of a session) is a tree that keeps both; the turn's ledger says `lock_lost`. See docs/decisions/0007.
    """

    def __init__(
        self, link: RedisLink, local: LocalLocks, replica_id: str, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._link = link
        self._local = local
        self._replica_id = replica_id
        self._lease_seconds = lease_seconds
        self._numbers = itertools.count(1)
        self._tickets: dict[str, _Ticket] = {}  # in order of arrival
        self._left_behind: deque[_Ticket] = deque(maxlen=_MAX_LEFT_BEHIND)
        self._enter = link.script(ENTER)
        self._leave = link.script(LEAVE)
        self._renew = link.script(RENEW)
        self._tasks: set[asyncio.Task[None]] = set()
        link.on_change.append(self._on_change)
        link.on_renewal.append(self._on_renewal)

    async def start(self) -> None:
        self._spawn(self._keep_renewing())

    async def close(self) -> None:
        """Stop renewing; what is still held comes free when its lease ends."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @asynccontextmanager
    async def hold(
        self, name: str, *, max_waiting: int, wait_seconds: float | None = None
    ) -> AsyncIterator[Lease]:
        """See `coord.base.Locks.hold`."""
        began = time.monotonic()
        ticket = _Ticket(name, f"{self._replica_id}:{next(self._numbers)}", self._lease_seconds)
        self._tickets[ticket.ticket_id] = ticket
        try:
            is_shared = await self._queue(ticket, max_waiting, wait_seconds)
            allowed = _ADMITTED if ticket.has_entered else max_waiting
            left = None if wait_seconds is None else max(0.0, began + wait_seconds - time.monotonic())
            async with self._local.hold(name, max_waiting=allowed, wait_seconds=left) as local_lease:
                yield ticket if is_shared else local_lease
        finally:
            self._tickets.pop(ticket.ticket_id, None)
            if ticket.has_entered:
                await asyncio.shield(self._spawn(self._give_up(ticket)))

    def wake(self, ticket_id: bytes) -> None:
        """Hear from Redis that a ticket of this replica has come to the head of its queue."""
        ticket = self._tickets.get(ticket_id.decode())
        if ticket is not None:
            ticket.grant()

    async def _queue(self, ticket: _Ticket, max_waiting: int, wait_seconds: float | None) -> bool:
        """Wait for the head of the queue; False when Redis went away, before or meanwhile."""
        asked_at = time.monotonic()
        arguments: list[str | int] = [ticket.ticket_id, max_waiting, self._lease_ms]
        ticket.has_entered = True  # also when we are cancelled before the answer
        try:
            rank = int(await self._link.call(lambda: self._enter(keys=ticket.keys, args=arguments)))
        except CoordUnavailableError:
            ticket.has_entered = False
            self._left_behind.append(ticket)  # the call may have come through all the same
            return False
        if rank < 0:
            ticket.has_entered = False
            raise LockQueueFullError(f"{max_waiting} callers wait for this lock already")
        ticket.note(rank, asked_at)
        if not await ticket.waiter.wait(wait_seconds):
            raise LockTimeoutError(f"the lock was not free within {wait_seconds} s")
        return ticket.is_granted

    async def _give_up(self, ticket: _Ticket) -> None:
        try:
            await self._link.call(lambda: self._leave(keys=ticket.keys, args=[ticket.ticket_id]))
        except CoordUnavailableError:
            self._left_behind.append(ticket)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            await self._renew_all(list(self._tickets.values()))

    async def _renew_all(self, tickets: list[_Ticket]) -> None:
        for start in range(0, len(tickets), _RENEW_AT_ONCE):
            with contextlib.suppress(CoordUnavailableError):
                await self._renew_some(tickets[start : start + _RENEW_AT_ONCE])

    async def _renew_some(self, tickets: list[_Ticket]) -> None:
        entered = [ticket for ticket in tickets if ticket.has_entered]
        if not entered:
            return
        asked_at = time.monotonic()
        async with self._link.client.pipeline(transaction=False) as pipeline:
            for ticket in entered:
                arguments: list[str | int] = [ticket.ticket_id, self._lease_ms, int(ticket.is_granted)]
                await self._renew(keys=ticket.keys, args=arguments, client=pipeline)
            ranks = await self._link.call(pipeline.execute)
        for ticket, rank in zip(entered, ranks, strict=True):
            ticket.note(int(rank), asked_at)
            if ticket.ticket_id not in self._tickets:
                self._spawn(self._give_up(ticket))  # it left while it was being renewed

    def _on_change(self, is_up: bool) -> None:
        if not is_up:
            for ticket in list(self._tickets.values()):
                ticket.waiter.wake()  # those who wait go on with the process's own lock

    def _on_renewal(self) -> None:
        left_behind = list(self._left_behind)
        self._left_behind.clear()
        for ticket in left_behind:
            self._spawn(self._give_up(ticket))  # rather than let others wait until its lease is over
        # a Redis that lost its data is told of the holders first; waiters follow with the next renewal
        self._spawn(self._renew_all([ticket for ticket in self._tickets.values() if ticket.is_granted]))

    @property
    def _lease_ms(self) -> int:
        return round(self._lease_seconds * 1000)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
