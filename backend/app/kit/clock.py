"""Time, injectable: wall-clock instants for records, a monotonic clock for durations."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What code that needs the time takes as an argument."""

    def now(self) -> datetime:
        """Return the wall-clock instant, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary origin; never goes backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC. Raises ValueError for one that UTC has no name for, at either end of the calendar."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is no time that can be kept; choose one between the years 1 and 9999") from error


def isoformat(instant: datetime) -> str:
    """Render an instant as RFC 3339 in UTC with a trailing `Z`; a naive one is taken as UTC."""
    aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")
