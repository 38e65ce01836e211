"""The contracts of coordination. `memory` serves one process, `redis` many replicas; both pass the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class CoordError(Exception):
    """Anything that coordination refuses."""


class LockQueueFullError(CoordError):
    """As many callers as allowed are waiting for this lock already."""


class LockTimeoutError(CoordError):
    """The lock was not free within the time the caller gave."""


class LogNotFoundError(CoordError):
    """No event log of that id (never opened, or its retention is over)."""


class CoordUnavailableError(CoordError):
    """The shared store does not answer."""


class RateDecision(NamedTuple):
    """What a rate window said: `remaining` units are left, the window is whole again after `reset_seconds`.

    When it refused, `retry_after_seconds` is when the same amount can fit (the whole window, if it exceeds the limit).
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: float
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log; numbers begin at 1 without gaps."""

    number: int
    data: bytes
    is_last: bool = False


class Lease(Protocol):
    """A held lock. `is_lost` turns true when the holder's lease ran out under it (Redis away for too long)."""

    @property
    def is_lost(self) -> bool: ...


class Locks(Protocol):
    """Named mutual exclusion, granted in order of arrival, across replicas where the store is shared."""

    def hold(
        self, name: str, *, max_waiting: int, wait_seconds: float | None = None
    ) -> AbstractAsyncContextManager[Lease]:
        """Hold the lock for the block.

        Raises:
            LockQueueFullError: at once, when `max_waiting` callers wait already.
            LockTimeoutError: after `wait_seconds`.
        A cancelled waiter leaves the queue. A holder whose process died loses the lock when its lease expires.
        """
        ...


class RateWindows(Protocol):
    """Sliding-window counters, counted atomically."""

    async def take(self, name: str, *, limit: int, window_seconds: float, amount: int = 1) -> RateDecision:
        """Count `amount` against the window if it fits; nothing is counted when it is refused."""
        ...

    async def adjust(self, name: str, *, delta: int, window_seconds: float) -> None:
        """Correct what was counted (a reservation settled by real usage); never raises for a missing window."""
        ...

    def adjust_now(self, name: str, *, delta: int, window_seconds: float) -> bool:
        """Do the same where it needs no waiting; False where it does, and nothing is done."""
        ...


@dataclass(frozen=True, slots=True)
class Quota:
    """A name under which something is used up, and how much of it there may be."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaDecision:
    """What became of a reservation: allowed in every quota, or in none.

    `unknown` names those of which nothing is known here: `tell` what the books say of them, and ask again. `refused`
    names the first one without room, with what is `used` and what is `reserved` of it.
    """

    is_allowed: bool
    unknown: tuple[str, ...] = ()
    refused: str | None = None
    used: int = 0
    reserved: int = 0
    lease: int = 0


class Quotas(Protocol):
    """What is used up and what is reserved of it, counted atomically. The truth is in somebody else's books.

    A reservation that nobody settles (its process died) comes free after about an hour.
    """

    async def reserve(self, quotas: Sequence[Quota], amount: int) -> QuotaDecision:
        """Reserve an amount in all of them if each has room for it."""
        ...

    async def settle(self, names: Sequence[str], *, reserved: int, used: int, lease: int) -> None:
        """Replace a reservation by what was used; never raises, and does nothing to a quota that is not known."""
        ...

    async def tell(self, name: str, used: int) -> None:
        """Make a quota known, or raise it to what the books say; it is never lowered."""
        ...


class LogWriter(Protocol):
    """The one writer of an event log."""

    def append(self, data: bytes) -> int:
        """Add an event without waiting; returns its number. Readers in this process see it at once."""
        ...

    async def finish(self, data: bytes) -> int:
        """Add the terminal event and close the log; returns its number. Returns only when readers elsewhere can see it."""
        ...


class EventLogs(Protocol):
    """Append-only logs with numbered events and a terminal one, kept for a while after they end."""

    async def open(self, log_id: str) -> LogWriter:
        """Start a log. Opening an id twice is an error (ValueError)."""
        ...

    def read(self, log_id: str, *, after: int = 0) -> AsyncIterator[LogEvent]:
        """Yield the events numbered above `after`, then live ones, until the terminal one.

        Raises LogNotFoundError at the first step when there is no such log.
        """
        ...

    async def abandon(self, log_id: str, data: bytes) -> None:
        """End a log whose writer died, with `data` as its terminal event; does nothing when it has ended or never was."""
        ...


class Signals(Protocol):
    """Small messages to every replica; one that is not listening misses them."""

    async def publish(self, topic: str, payload: bytes) -> None: ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Subscribe for the block; messages published after entering it are seen."""
        ...


class Blobs(Protocol):
    """Bytes that are kept for a while and may be gone at any time: a cache."""

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under a name; None when there is nothing, or its time is over."""
        ...

    async def put(self, name: str, value: bytes, *, seconds: float, max_bytes: int) -> None:
        """Keep a value; all values together never take more than `max_bytes`, and one that is larger is not kept."""
        ...


@dataclass(frozen=True, slots=True)
class CoordHealth:
    """State of the shared store; `is_shared` is false in memory."""

    is_shared: bool
    is_healthy: bool
    latency_ms: float
    message: str = ""


class Coord(Protocol):
    """All of it, with one lifetime."""

    locks: Locks
    rates: RateWindows
    quotas: Quotas
    logs: EventLogs
    signals: Signals
    blobs: Blobs

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def health(self) -> CoordHealth: ...
