"""Looks into a stranger's JSON without trusting its types."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from app.chat.portable import clean_text

_LARGEST_SECONDS = 1e11  # the year 5138; larger numbers count milliseconds, microseconds or nanoseconds


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def line(value: Any) -> str:
    """Return a text as one line of at most 200 characters, as titles are."""
    return " ".join(str(clean_text(text(value))).split())[:200]


def moment(value: Any, now: datetime) -> datetime | None:
    """Read a Unix time in seconds (or finer), or an ISO 8601 text; nothing is later than now. None when it is no time."""
    found = _from_number(value) if isinstance(value, int | float) else _from_text(text(value))
    if found is None or found.year < 1970:
        return None
    return min(found, now)


def _from_number(number: float) -> datetime | None:
    try:
        value = float(number)
    except OverflowError:  # JSON's integers have no end
        return None
    if isinstance(number, bool) or value <= 0 or not math.isfinite(value):
        return None
    while value > _LARGEST_SECONDS:
        value /= 1000
    return datetime.fromtimestamp(value, UTC)


def _from_text(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
