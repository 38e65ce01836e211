"""The audit log as a file: CSV for a spreadsheet, or one JSON document a line."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Literal

import orjson

from app.audit.tables import AuditRow
from app.kit.clock import isoformat

ExportFormat = Literal["csv", "json"]
COLUMNS = ("created_at", "actor", "actor_id", "action", "subject", "details", "request_id")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_file(lines: AsyncIterator[AuditRow], kind: ExportFormat) -> AsyncIterator[bytes]:
    """Yield the document in pieces."""
    if kind == "csv":
        yield _csv_line(COLUMNS)
    async for row in lines:
        yield _csv_line([_cell(row, name) for name in COLUMNS]) if kind == "csv" else _json_line(row)


def _json_line(row: AuditRow) -> bytes:
    shown = {name: getattr(row, name) for name in ("id", *COLUMNS)}
    shown["created_at"] = isoformat(row.created_at)
    return orjson.dumps(shown) + b"\n"


def _cell(row: AuditRow, name: str) -> str:
    value = getattr(row, name)
    if name == "created_at":
        return isoformat(row.created_at)
    text = orjson.dumps(value).decode() if name == "details" and value else str(value or "")
    # a spreadsheet would compute it (OWASP: CSV injection), and an address is whatever somebody typed
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def _csv_line(cells: tuple[str, ...] | list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()
