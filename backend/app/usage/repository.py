"""Rows of usage: batches that are written, and the sums that are read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Table, case, column, func, insert, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.usage.entries import DAY_KEY, ROW, RowValues
from app.usage.tables import SUMS, UsageDay, UsageRow

_ROWS = UsageRow.__table__
_DAYS = UsageDay.__table__
assert isinstance(_ROWS, Table) and isinstance(_DAYS, Table)
# The drivers' own statements and values: for each request a row is written, and converting it cost more than writing it.
_PLAIN = insert(table(_ROWS.name, *map(column, ROW)))
_ADD_ROWS = {
    "sqlite": str(_PLAIN.compile(dialect=sqlite.dialect())),
    "postgresql": str(_PLAIN.compile(dialect=asyncpg.dialect())),  # type: ignore[no-untyped-call]
}


def _add_days(make: Any) -> Any:
    """Build the statement that adds to a day's sums, or begins them; both databases know it, each in its own words."""
    statement = make(_DAYS)
    grown = {name: _DAYS.c[name] + statement.excluded[name] for name in SUMS}
    return statement.on_conflict_do_update(index_elements=list(DAY_KEY), set_=grown)


_ADD_DAYS = {"sqlite": _add_days(sqlite.insert), "postgresql": _add_days(postgresql.insert)}


def _sqlite_instant(instant: datetime) -> str:
    """Write an instant as `db.base.Instant` does on SQLite."""
    return instant.astimezone(UTC).isoformat(" ", "microseconds")[:26]


class UsageRepository:
    """Look-ups and writes in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, rows: Sequence[RowValues], days: Sequence[dict[str, Any]]) -> None:
        """Write a batch, and add it to its days."""
        connection = await self._session.connection()
        kind = connection.dialect.name
        if kind == "sqlite":
            rows = [(row[0], _sqlite_instant(row[1]), *row[2:]) for row in rows]
        await connection.exec_driver_sql(_ADD_ROWS[kind], list(rows))
        await connection.execute(_ADD_DAYS[kind], days)

    async def take_back(self, row_id: str) -> None:
        """Delete a row, and take it out of its day; does nothing when there is none."""
        row = await self._session.get(UsageRow, row_id)
        if row is None:
            return
        day = (row.created_at.date().isoformat(), row.user_id or 0, row.key_id or "", row.device or "")
        keys = (*day, row.door, row.model or "")
        where = [_DAYS.c[name] == value for name, value in zip(DAY_KEY, keys, strict=True)]
        figures = {
            "requests": 1,
            "errors": int(row.status == "failed"),
            "cancelled": int(row.status == "cancelled"),
            "cache_hits": int(row.is_cache_hit),
            **{name: getattr(row, name) for name in SUMS if name.endswith(("_tokens", "_nanos"))},
        }
        less = {name: _DAYS.c[name] - figures[name] for name in SUMS}
        await self._session.execute(update(UsageDay).where(*where).values(less))
        await self._session.delete(row)

    async def has_row(self, row_id: str) -> bool:
        """Tell whether a batch was written whose commit nobody confirmed."""
        return await self._session.scalar(select(UsageRow.id).where(UsageRow.id == row_id)) is not None

    async def spent_nanos(self, *, key_id: str | None, user_id: int, since_day: str) -> int:
        """Return what a key (or, without one, a person with all their keys) has spent since a day."""
        query = select(func.coalesce(func.sum(UsageDay.cost_nanos), 0)).where(UsageDay.day >= since_day)
        query = query.where(UsageDay.key_id == key_id if key_id is not None else UsageDay.user_id == user_id)
        return int(await self._session.scalar(query) or 0)

    async def spent_by_key(
        self, key_ids: Collection[str], since_days: Sequence[str]
    ) -> dict[str, dict[str, int]]:
        """Return by key what it has spent since each of some days; a key that was never used is left out."""
        sums = [func.sum(case((UsageDay.day >= day, UsageDay.cost_nanos), else_=0)) for day in since_days]
        query = select(UsageDay.key_id, *sums).where(UsageDay.key_id.in_(key_ids)).group_by(UsageDay.key_id)
        rows = await self._session.execute(query)
        return {row[0]: dict(zip(since_days, map(int, row[1:]), strict=True)) for row in rows}

    async def sums(
        self,
        by: Sequence[str],
        since_day: str,
        until_day: str,
        *,
        user_id: int | None = None,
        key_id: str | None = None,
    ) -> Sequence[Row[Any]]:
        """Return the sums of some days by columns of `usage_days`, in their order."""
        columns = [_DAYS.c[name] for name in by]
        query = select(*columns, *(func.sum(_DAYS.c[name]).label(name) for name in SUMS))
        query = query.where(_DAYS.c.day >= since_day, _DAYS.c.day <= until_day)
        if user_id is not None:
            query = query.where(_DAYS.c.user_id == user_id)
        if key_id is not None:
            query = query.where(_DAYS.c.key_id == key_id)
        return (await self._session.execute(query.group_by(*columns).order_by(*columns))).all()
