"""Usage rows and their sums by day: written in batches, once each, whatever the database does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database, DatabaseUnavailableError
from app.llm.accounting import Spent
from app.llm.money import NANOS, Price
from app.llm.types import Caller, Usage
from app.usage import recorder as recorder_module
from app.usage.entries import ROW, Entry, rows_of
from app.usage.recorder import UsageRecorder
from app.usage.repository import UsageRepository
from app.usage.tables import UsageDay, UsageRow
from tests.api.auth_portal import ManualClock

PRICE = Price(input=3.0, output=15.0, cached=0.3)
KEY = "a" * 32


def spent(user_id: int = 1, **fields: Any) -> Spent:
    given = {"door": "v1", "operation": "chat/completions", "status": "done", "model": "big", "price": PRICE}
    return Spent(caller=Caller(user_id, KEY), **{**given, "usage": Usage(1000, 100, 200, 10), **fields})


async def devices(key_ids: set[str]) -> Mapping[str, str]:
    return {KEY: "maze-robot"} if KEY in key_ids else {}


async def counts(database: Database) -> tuple[int, int]:
    async with database.reading() as session:
        rows = await session.scalar(select(func.count()).select_from(UsageRow))
        requests = await session.scalar(select(func.sum(UsageDay.requests)))
    return int(rows or 0), int(requests or 0)


def test_a_rows_values_stand_in_the_order_of_the_tables_columns() -> None:
    columns = UsageRow.__table__.columns.keys()
    assert list(ROW) == columns
    [row] = rows_of([Entry(spent(request_id="r" * 8), ManualClock().now())], "b" * 32, {})
    assert len(row) == len(columns)
    named = dict(zip(ROW, row, strict=True))
    assert (named["id"], named["status"], named["request_id"]) == ("b" * 26 + "000000", "done", "r" * 8)


async def test_a_batch_is_rows_and_sums_of_its_days(database: Database) -> None:
    clock = ManualClock()
    recorder = UsageRecorder(database, clock, devices)
    for _ in range(3):
        recorder.record(spent())
    recorder.record(spent(status="cancelled", is_estimated=True))
    recorder.record(spent(is_cache_hit=True))
    await recorder.flush()
    clock.advance(days=1)
    recorder.record(
        spent(user_id=0, status="failed", error_code="upstream_error", usage=Usage(), model="b\x00")
    )
    await recorder.flush()
    async with database.reading() as session:
        rows = (await session.scalars(select(UsageRow).order_by(UsageRow.id))).all()
        days = (await session.scalars(select(UsageDay).order_by(UsageDay.day))).all()
    one = round((800 * 3.0 + 200 * 0.3 + 100 * 15.0) / 1e6 * NANOS)
    assert [row.cost_nanos for row in rows] == [one] * 4 + [0, 0]
    assert (rows[0].device, rows[0].user_id, rows[0].created_at.isoformat()) == (
        "maze-robot",
        1,
        "2026-11-21T09:30:00+00:00",
    )
    assert (rows[3].is_estimated, rows[4].is_cache_hit, rows[5].user_id, rows[5].model) == (
        True,
        True,
        None,
        "b",
    )
    first, second = days
    assert (first.day, first.requests, first.cancelled, first.cache_hits) == ("2026-11-21", 5, 1, 1)
    assert (first.prompt_tokens, first.cached_tokens, first.cost_nanos) == (5000, 1000, 4 * one)
    assert (second.day, second.user_id, second.errors, second.cost_nanos) == ("2026-11-22", 0, 1, 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_database_going_away_loses_no_row_and_counts_none_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = UsageRecorder(database, ManualClock(), devices)
    real = UsageRepository.add

    async def before(self: UsageRepository, rows: Any, days: Any) -> None:
        raise DatabaseUnavailableError

    recorder.record(spent())
    monkeypatch.setattr(UsageRepository, "add", before)
    with pytest.raises(DatabaseUnavailableError):
        await recorder.flush()
    monkeypatch.setattr(UsageRepository, "add", real)
    recorder.record(spent())
    assert recorder.waiting == 2
    await recorder.flush()
    assert await counts(database) == (2, 2)

    real_transaction = database.transaction

    @asynccontextmanager
    async def unanswered() -> AsyncIterator[AsyncSession]:
        async with real_transaction() as session:
            yield session
        raise DatabaseUnavailableError  # it is committed, and the answer was lost

    recorder.record(spent())
    monkeypatch.setattr(database, "transaction", unanswered)
    with pytest.raises(DatabaseUnavailableError):
        await recorder.flush()
    monkeypatch.setattr(database, "transaction", real_transaction)
    await recorder.flush()
    assert (await counts(database), recorder.waiting) == ((3, 3), 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_queue_is_bounded_and_what_it_drops_is_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder_module, "MAX_WAITING", 2)
    recorder = UsageRecorder(database, ManualClock())
    for _ in range(5):
        recorder.record(spent())
    assert (recorder.waiting, recorder.dropped) == (2, 3)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    await recorder.close()
    assert await counts(database) == (2, 2)
