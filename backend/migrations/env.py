"""Runs the migrations in one transaction, under a lock that other replicas wait for."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import context
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import False_, True_

from app.db.base import Instant, Json
from app.db.engine import async_url
from app.db.registry import load_metadata

_LOCK_WAIT_SECONDS = 60
_ADVISORY_LOCK = 0x70_70_6D_69_67  # any number that all replicas agree on


def _url() -> URL:
    given = context.config.attributes.get("url")
    if given is not None:
        return given
    from app.config import load_settings  # the command line: the configured database

    settings = load_settings()
    return async_url(settings.database_url, settings.portal_data_dir)


def _sqlite_engine(url: URL) -> AsyncEngine:
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    _use_wal(path)
    # the stock driver, whose transactions this file begins by itself
    stock_url = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(stock_url, poolclass=NullPool, connect_args={"timeout": _LOCK_WAIT_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _use_wal(path: Path) -> None:
    """Switch the file to WAL. Several processes doing so at once are refused without SQLite's usual waiting."""
    give_up_at = time.monotonic() + _LOCK_WAIT_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=_LOCK_WAIT_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)


def _render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write plain, portable types into generated migrations, so that they never depend on the portal's code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), (True_, False_)):
        return f"sa.{str(item.arg).lower()}()"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=load_metadata(),
        transactional_ddl=True,  # SQLite can do it too, once the driver leaves BEGIN to us
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    url = _url()
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = _sqlite_engine(url) if is_sqlite else create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        if not is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        await connection.run_sync(_migrate)


asyncio.run(_run())
