"""The one-hop SQLite adapter: few hops, and no transaction left open whatever happens to its caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.bridge.group_commit import GroupCommit
from app.db.engine import async_url
from app.db.session import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database("sqlite:///./one-hop.db", tmp_path)
    async with opened.transaction() as db:
        await db.execute(text("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield opened
    await opened.close()


async def _names(database: Database) -> list[str]:
    async with database.reading() as db:
        return list(await db.scalars(text("SELECT name FROM item ORDER BY id")))


def _counted_hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that gets an entry for each hop to the driver's thread from now on."""
    hops: list[object] = []
    stock = aiosqlite.Connection._execute

    async def counted(self: object, fn: object, *args: object, **options: object) -> object:
        hops.append(fn)
        return await stock(self, fn, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return hops


async def test_a_write_is_one_hop_per_statement_and_one_to_commit_and_a_read_is_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _names(database)  # the reader's connection is open now
    hops = _counted_hops(monkeypatch)
    async with database.transaction() as db:
        await db.execute(text("INSERT INTO item (name) VALUES ('a')"))
        await db.execute(text("UPDATE item SET name = 'b'"))
    assert len(hops) == 3
    hops.clear()
    assert await _names(database) == ["b"]
    assert len(hops) == 1


async def test_the_last_statement_can_take_the_commit_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hops = _counted_hops(monkeypatch)
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO item (name) VALUES ('a')"))
        await database.commit_with_next(connection)
        changed = await connection.execute(text("UPDATE item SET name = 'b'"))
    assert (len(hops), changed.rowcount) == (2, 1)
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO item (name) VALUES ('c')"))
            await database.commit_with_next(connection)
            await connection.execute(text("INSERT INTO item (name) VALUES ('b')"))
    async with database.writing() as connection:
        await connection.execute(text("INSERT INTO item (name) VALUES ('d')"))
        assert await _names(database) == ["b"], "what failed was rolled back, and this is not committed yet"
    assert await _names(database) == ["b", "d"]


async def test_writes_of_one_moment_share_a_transaction_and_one_that_fails_takes_no_other_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = GroupCommit(database)

    def insert(name: str) -> Callable[[AsyncConnection], Awaitable[int]]:
        async def write(connection: AsyncConnection) -> int:
            query = text("INSERT INTO item (name) VALUES (:name)")
            return (await connection.execute(query, {"name": name})).rowcount

        return write

    hops = _counted_hops(monkeypatch)
    assert await asyncio.gather(*[commits.run(insert(name)) for name in "abc"]) == [1, 1, 1]
    assert len(hops) == 3
    given = await asyncio.gather(*[commits.run(insert(name)) for name in "dae"], return_exceptions=True)
    assert [isinstance(one, IntegrityError) for one in given] == [False, True, False]
    await commits.close()
    assert await _names(database) == ["a", "b", "c", "d", "e"]


async def test_a_caller_cancelled_in_the_midst_of_a_statement_leaves_no_open_transaction(
    database: Database,
) -> None:
    slow = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)"
        " INSERT INTO item (name) SELECT max(i) FROM n"
    )

    async def write() -> None:
        async with database.transaction() as db:
            await db.execute(slow)

    task = asyncio.create_task(write())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(8), database.transaction() as db:
        await db.execute(text("INSERT INTO item (name) VALUES ('after')"))
    assert await _names(database) == ["after"]


async def test_a_failed_statement_rolls_all_of_its_transaction_back(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as db:
            await db.execute(text("INSERT INTO item (name) VALUES ('twice')"))
            await db.execute(text("INSERT INTO item (name) VALUES ('twice')"))
    assert await _names(database) == []


async def test_a_reader_sees_one_snapshot_and_the_next_one_what_came_after(database: Database) -> None:
    async with database.reading() as db:
        assert (await db.scalar(text("SELECT count(*) FROM item"))) == 0
        async with database.transaction() as writer:
            await writer.execute(text("INSERT INTO item (name) VALUES ('new')"))
        assert (await db.scalar(text("SELECT count(*) FROM item"))) == 0, "the snapshot moved"
    assert await _names(database) == ["new"]


async def test_many_rows_row_counts_and_empty_results_come_through(database: Database) -> None:
    async with database.transaction() as db:
        rows = [{"name": f"n{number}"} for number in range(500)]
        await db.execute(text("INSERT INTO item (name) VALUES (:name)"), rows)
        changed = await db.execute(text("UPDATE item SET name = name || '!' WHERE id <= 10"))
        assert changed.rowcount == 10  # type: ignore[attr-defined]
        assert (await db.execute(text("SELECT id FROM item WHERE id < 0"))).all() == []
    assert len(await _names(database)) == 500


async def test_an_engine_without_our_begin_commits_too(database: Database, tmp_path: Path) -> None:
    engine = create_async_engine(async_url("sqlite:///./one-hop.db", tmp_path))
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO item (name) VALUES ('plain engine')"))
    await engine.dispose()
    assert await _names(database) == ["plain engine"]
