"""From what the engine tells of an ended request to the rows that are written of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from app.llm.accounting import Spent
from app.usage.tables import SUMS

DayKey = tuple[date, int, str, str, str, str]
DAY_KEY = ("day", "user_id", "key_id", "device", "door", "model")
_NUL = "\x00"  # PostgreSQL stores none


ROW = (
    "id",
    "created_at",
    "user_id",
    "key_id",
    "device",
    "door",
    "operation",
    "asked_model",
    "model",
    "target",
    "status",
    "error_code",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "is_estimated",
    "is_cache_hit",
    "cost_nanos",
    "ttft_ms",
    "total_ms",
    "request_id",
)
"""The columns of a row in the order of its values. There is a row for each request: tuples, as the drivers take them."""
RowValues = tuple[Any, ...]


class Entry(NamedTuple):
    """An ended request, and when it ended."""

    spent: Spent
    at: datetime


def rows_of(entries: Sequence[Entry], batch_id: str, devices: Mapping[str, str]) -> list[RowValues]:
    """Return a batch's rows; `devices` names the devices by their keys. Their ids begin with the batch's 26 digits."""
    begin = batch_id[:26]
    return [_row(entry, f"{begin}{number:06x}", devices) for number, entry in enumerate(entries)]


def first_id(batch_id: str) -> str:
    """Return the id of a batch's first row."""
    return f"{batch_id[:26]}000000"


def days_of(entries: Iterable[Entry], devices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the sums of a batch by day and caller, in an order that is the same for every writer (no deadlocks)."""
    figures: dict[DayKey, list[tuple[int, ...]]] = {}
    for spent, at in entries:
        caller = spent.caller
        key_id = caller.key_id or ""
        model = _short(spent.model, 200) or ""
        key = (at.date(), caller.user_id, key_id, devices.get(key_id, ""), spent.door, model)
        figures.setdefault(key, []).append(_figures(spent))
    return [
        dict(zip(DAY_KEY, (key[0].isoformat(), *key[1:]), strict=True))
        | dict(zip(SUMS, map(sum, zip(*figures[key], strict=True)), strict=True))
        for key in sorted(figures)
    ]


def _figures(spent: Spent) -> tuple[int, ...]:
    usage, status = spent.usage, spent.status
    return (
        1,
        status == "failed",
        status == "cancelled",
        spent.is_cache_hit,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        spent.nanos,
    )


def _row(entry: Entry, row_id: str, devices: Mapping[str, str]) -> RowValues:
    spent, at = entry
    caller, usage = spent.caller, spent.usage
    return (
        row_id,
        at,
        caller.user_id or None,
        caller.key_id,
        devices.get(caller.key_id) if caller.key_id is not None else None,
        spent.door,
        spent.operation,
        _short(spent.asked_model, 200),
        _short(spent.model, 200),
        _short(spent.target, 300),
        spent.status,
        _short(spent.error_code, 64),
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        spent.is_estimated,
        spent.is_cache_hit,
        spent.nanos,
        spent.ttft_ms,
        spent.total_ms,
        _short(spent.request_id, 64) or "",
    )


def _short(text: str | None, limit: int) -> str | None:
    return None if text is None else text.replace(_NUL, "")[:limit]
