"""A PostgreSQL that is restarted, killed or hangs under the database layer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.session import Database, DatabaseUnavailableError
from tests.fixtures.postgresql import PostgresServer

pytestmark = pytest.mark.live


@pytest.fixture
async def opened(own_postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Database]:
    """A Database with several pooled connections on the test's own server."""
    database = Database(own_postgres.url("postgres"), tmp_path)
    await asyncio.gather(*(database.ping() for _ in range(5)))
    yield database
    with contextlib.suppress(OSError):
        await database.close()


async def _insert(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS seen (at timestamptz DEFAULT now())"))
        await session.execute(text("INSERT INTO seen DEFAULT VALUES"))


async def test_after_a_restart_the_next_call_works(opened: Database, own_postgres: PostgresServer) -> None:
    await _insert(opened)
    await asyncio.to_thread(own_postgres.restart_fast)
    await asyncio.gather(*(_insert(opened) for _ in range(5)))
    await opened.ping()


async def test_while_it_is_down_every_call_says_so_at_once(
    opened: Database, own_postgres: PostgresServer
) -> None:
    own_postgres.kill()
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError):
            await opened.ping()
        with pytest.raises(DatabaseUnavailableError):
            await _insert(opened)
    assert time.monotonic() - began < 3
    await asyncio.to_thread(own_postgres.start)
    await _insert(opened)


async def test_a_transaction_that_is_cut_in_the_middle_is_undone_and_says_so(
    opened: Database, own_postgres: PostgresServer
) -> None:
    await _insert(opened)
    with pytest.raises(DatabaseUnavailableError):
        async with opened.transaction() as session:
            await session.execute(text("DELETE FROM seen"))
            await asyncio.to_thread(own_postgres.restart_fast)
            await session.execute(text("SELECT 1"))
    async with opened.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM seen"))).scalar_one() == 1


async def test_a_commit_that_is_cut_says_so(opened: Database, own_postgres: PostgresServer) -> None:
    await _insert(opened)
    with pytest.raises(DatabaseUnavailableError):
        async with opened.transaction() as session:
            await session.execute(text("DELETE FROM seen"))
            await asyncio.to_thread(own_postgres.restart_fast)
    async with opened.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM seen"))).scalar_one() == 1


async def test_a_database_that_hangs_is_given_up_within_seconds(
    opened: Database, own_postgres: PostgresServer
) -> None:
    own_postgres.freeze_all()
    try:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailableError):
            await opened.ping()
        assert time.monotonic() - began < 9
    finally:
        own_postgres.thaw_all()
    await _insert(opened)


async def test_a_portal_may_open_its_database_before_it_is_there(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    own_postgres.stop()
    database = Database(own_postgres.url("postgres"), tmp_path)
    with pytest.raises(DatabaseUnavailableError):
        await database.ping()
    await asyncio.to_thread(own_postgres.start)
    await database.ping()
    await database.close()
