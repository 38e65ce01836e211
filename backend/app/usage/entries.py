"""From what the engine tells of an ended request to the rows that are written of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.llm.accounting import Spent
from app.usage.tables import SUMS

DayKey = tuple[str, int, str, str, str, str]
DAY_KEY = ("day", "user_id", "key_id", "device", "door", "model")
_NUL = "\x00"  # PostgreSQL stores none


@dataclass(frozen=True, slots=True)
class Entry:
    """An ended request, and when it ended."""

    spent: Spent
    at: datetime


def rows_of(entries: Sequence[Entry], batch_id: str, devices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a batch's rows; `devices` names the devices by their keys. Their ids begin with the batch's 26 digits."""
    return [_row(entry, f"{batch_id[:26]}{number:06x}", devices) for number, entry in enumerate(entries)]


def days_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of rows by day and caller, in an order that is the same for every writer (no deadlocks)."""
    sums: dict[DayKey, list[int]] = {}
    for row in rows:
        key = (
            str(row["created_at"])[:10],
            row["user_id"] or 0,
            row["key_id"] or "",
            row["device"] or "",
            row["door"],
            row["model"] or "",
        )
        total = sums.setdefault(key, [0] * len(SUMS))
        for place, value in enumerate(_figures(row)):
            total[place] += value
    return [
        {**dict(zip(DAY_KEY, key, strict=True)), **dict(zip(SUMS, sums[key], strict=True))}
        for key in sorted(sums)
    ]


def _figures(row: Mapping[str, Any]) -> tuple[int, ...]:
    return (
        1,
        row["status"] == "failed",
        row["status"] == "cancelled",
        row["is_cache_hit"],
        row["prompt_tokens"],
        row["completion_tokens"],
        row["cached_tokens"],
        row["reasoning_tokens"],
        row["cost_nanos"],
    )


def _row(entry: Entry, row_id: str, devices: Mapping[str, str]) -> dict[str, Any]:
    spent = entry.spent
    caller, usage = spent.caller, spent.usage
    return {
        "id": row_id,
        "created_at": entry.at,
        "user_id": caller.user_id or None,
        "key_id": caller.key_id,
        "device": devices.get(caller.key_id) if caller.key_id is not None else None,
        "door": spent.door,
        "operation": spent.operation,
        "asked_model": _short(spent.asked_model, 200),
        "model": _short(spent.model, 200),
        "target": _short(spent.target, 300),
        "status": spent.status,
        "error_code": _short(spent.error_code, 64),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "is_estimated": spent.is_estimated,
        "is_cache_hit": spent.is_cache_hit,
        "cost_nanos": spent.nanos,
        "ttft_ms": spent.ttft_ms,
        "total_ms": spent.total_ms,
        "request_id": _short(spent.request_id, 64) or "",
    }


def _short(text: str | None, limit: int) -> str | None:
    return None if text is None else text.replace(_NUL, "")[:limit]
