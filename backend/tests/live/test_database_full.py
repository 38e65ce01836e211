"""A database whose disk is full: it can be read, refuses what is new, and health says so until there is room again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import text

import app.db.session
from app.admin.components import _database
from app.db.session import Database, DatabaseUnavailableError

pytestmark = pytest.mark.live

_FULL = {
    # SQLite finds no page; PostgreSQL says what it says when it cannot extend a table
    "sqlite": ("PRAGMA max_page_count = 1", "CREATE TABLE more AS SELECT randomblob(100000)"),
    "postgresql": ("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",),
}


async def _state(database: Database) -> str:
    return (await _database(SimpleNamespace(database=database))).state  # type: ignore[arg-type]


async def test_health_says_that_the_disk_of_the_database_is_full(
    database: Database, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _state(database) == "ok"
    with pytest.raises(DatabaseUnavailableError):
        async with database.transaction() as session:
            for statement in _FULL[database_kind]:
                await session.execute(text(statement))
    assert await _state(database) == "down"
    await database.ping()
    monkeypatch.setattr(app.db.session, "_FULL_SECONDS", 0.0)
    assert await _state(database) == "ok"


async def test_a_wrong_statement_is_no_full_disk(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere"):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (1)"))
    assert await _state(database) == "ok"
