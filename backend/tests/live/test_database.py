"""The database layer on real SQLite files and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from app.db.session import Database, DatabaseUnavailableError

pytestmark = pytest.mark.live


@pytest.fixture
async def counter(database: Database) -> Database:
    """A database with a table of one row."""
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)"))
        await session.execute(text("INSERT INTO counter VALUES (1, 0)"))
    return database


async def _value(database: Database) -> int:
    async with database.reading() as session:
        return int((await session.execute(text("SELECT value FROM counter WHERE id = 1"))).scalar_one())


async def test_fifty_concurrent_writers_that_read_first_lose_no_update(counter: Database) -> None:
    plain, locking = "SELECT value FROM counter", "SELECT value FROM counter FOR UPDATE"
    select = text(plain if counter.is_sqlite else locking)

    async def increment() -> None:
        async with counter.transaction() as session:
            row = await session.execute(select)
            await session.execute(text("UPDATE counter SET value = :value"), {"value": row.scalar_one() + 1})

    await asyncio.gather(*(increment() for _ in range(50)))
    assert await _value(counter) == 50


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_two_processes_worth_of_engines_write_to_one_sqlite_file(
    counter: Database, database_url: str, data_dir: Path
) -> None:
    other = Database(database_url, data_dir)

    async def increment(database: Database) -> None:
        async with database.transaction() as session:
            value = (await session.execute(text("SELECT value FROM counter"))).scalar_one()
            await session.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})

    await asyncio.gather(*(increment(database) for _ in range(25) for database in (counter, other)))
    assert await _value(counter) == 50
    await other.close()


async def test_a_reader_does_not_wait_for_an_open_write_transaction(counter: Database) -> None:
    async with counter.transaction() as session:
        await session.execute(text("UPDATE counter SET value = 7"))
        assert await asyncio.wait_for(_value(counter), 2) == 0
    assert await _value(counter) == 7


async def test_reading_refuses_to_write(counter: Database) -> None:
    with pytest.raises(SQLAlchemyError):
        async with counter.reading() as session:
            await session.execute(text("UPDATE counter SET value = 1"))
    assert await _value(counter) == 0
    async with counter.transaction() as session:  # the connection that refused is not stuck
        await session.execute(text("UPDATE counter SET value = 2"))
    assert await _value(counter) == 2


async def test_an_exception_rolls_everything_back(counter: Database) -> None:
    with pytest.raises(KeyError):
        async with counter.transaction() as session:
            await session.execute(text("UPDATE counter SET value = 1"))
            raise KeyError("no")
    assert await _value(counter) == 0


async def test_a_cancelled_transaction_rolls_back_and_blocks_nobody(counter: Database) -> None:
    is_open = asyncio.Event()

    async def write_and_hang() -> None:
        async with counter.transaction() as session:
            await session.execute(text("UPDATE counter SET value = 1"))
            is_open.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_hang())
    await is_open.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), counter.transaction() as session:
        await session.execute(text("UPDATE counter SET value = value + 10"))
    assert await _value(counter) == 10


async def test_a_transaction_inside_a_transaction_is_refused_at_once(counter: Database) -> None:
    with pytest.raises(RuntimeError, match="hand the open session on"):
        async with counter.transaction(), counter.transaction():
            pass
    async with counter.transaction() as session:
        await session.execute(text("UPDATE counter SET value = 3"))
    assert await _value(counter) == 3


async def test_wrong_statements_stay_errors_of_ours(counter: Database) -> None:
    with pytest.raises(DBAPIError):
        async with counter.reading() as session:
            await session.execute(text("SELECT * FROM no_such_table"))
    with pytest.raises(IntegrityError):
        async with counter.transaction() as session:
            await session.execute(text("INSERT INTO counter VALUES (1, 1)"))


async def test_a_path_that_cannot_be_opened_is_unavailable(data_dir: Path) -> None:
    (data_dir / "folder.db").mkdir()
    database = Database("sqlite:///folder.db", data_dir)
    with pytest.raises(DatabaseUnavailableError):
        await database.ping()
    await database.close()
    await asyncio.sleep(0.1)  # aiosqlite's thread of the failed connection reports its end to this very loop


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_foreign_keys_are_enforced_on_sqlite(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE child (user_id INTEGER REFERENCES users(id))"))
            await session.execute(text("INSERT INTO child VALUES (4711)"))


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_portal_takes_no_more_connections_than_it_may(database_url: str, data_dir: Path) -> None:
    database = Database(database_url, data_dir, max_connections=3)
    most = 0

    async def look() -> None:
        nonlocal most
        async with database.reading() as session:
            counted = await session.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND backend_type = 'client backend' AND pg_sleep(0.02) IS NOT NULL"  # not the autovacuum's
                )
            )
            most = max(most, int(counted or 0))

    await asyncio.gather(*(look() for _ in range(12)))
    await database.close()
    assert most == 3
