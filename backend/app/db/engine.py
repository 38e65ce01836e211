"""Database engines: SQLite in WAL mode or PostgreSQL, from a URL with or without a driver's name."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.sqlite_dialect import DRIVER_NAME
from app.errors import UnavailableError

_ASYNC_DRIVERS = {
    "sqlite": DRIVER_NAME,
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_POOL_WAIT_SECONDS = 10
_UNREADABLE = (
    "DATABASE_URL cannot be read. It is postgresql://user:password@host:5432/name, and in its password "
    "@ is %40, / is %2F, : is %3A, ? is %3F, # is %23 and % is %25."
)
APPLICATION_NAME = "prompt-portal"
"""How PostgreSQL knows a portal's connections (`pg_stat_activity`)."""


class UnsupportedDatabaseError(UnavailableError):
    """The URL names no database that the portal speaks; the message repeats nothing of it that may be a password."""

    code = "database_unsupported"


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine for writing transactions, one for reading; the same where the database sorts it out by itself."""

    writing: AsyncEngine
    reading: AsyncEngine

    async def dispose(self) -> None:
        await self.writing.dispose()
        if self.reading.pool is not self.writing.pool:
            await self.reading.dispose()


def async_url(database_url: str, data_dir: Path) -> URL:
    """Return the URL with an async driver; a relative SQLite path is taken from the data folder.

    Raises:
        UnsupportedDatabaseError: for anything but a SQLite file and PostgreSQL.
    """
    scheme, _, rest = database_url.partition("://")
    driver = _ASYNC_DRIVERS.get(scheme.partition("+")[0])
    if driver is None:
        raise UnsupportedDatabaseError(
            f"DATABASE_URL begins with {scheme!r}; use sqlite:///./app.db or postgresql://user:password@host/name"
        )
    try:
        url = make_url(f"{driver}://{rest}")
    except (ArgumentError, ValueError):  # a port that is no number
        raise UnsupportedDatabaseError(_UNREADABLE) from None
    if url.get_backend_name() != "sqlite":
        return _postgresql_url(url)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UnsupportedDatabaseError(
            "DATABASE_URL must name a SQLite file, as in sqlite:///./app.db; a database in memory would lose everything"
        )
    return url.set(database=str((data_dir / url.database).resolve()))


def _postgresql_url(url: URL) -> URL:
    """Return it as asyncpg takes it: what other clients call `sslmode` is `ssl` there."""
    import asyncpg  # type: ignore[import-untyped]

    if "@" in (url.database or ""):
        raise UnsupportedDatabaseError(_UNREADABLE)
    if (mode := url.query.get("sslmode")) is not None:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    known = {*inspect.signature(asyncpg.connect).parameters, "prepared_statement_cache_size"}
    if unknown := sorted(set(url.query) - known):
        raise UnsupportedDatabaseError(
            f"DATABASE_URL has options that the portal does not know: {', '.join(unknown)}. Take them out; sslmode is "
            "known, and PGSSLROOTCERT in the environment names the file of its certificates."
        )
    return url


def create_engines(
    database_url: str, data_dir: Path, *, max_connections: int = 30, echo: bool = False
) -> Engines:
    """Make engines that are ready for concurrent short transactions; a third of PostgreSQL's connections are kept open."""
    url = async_url(database_url, data_dir)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engines(url, echo)
    # pre-ping: after a restart of the server the pool mends itself instead of failing the first requests
    engine = create_async_engine(
        url,
        echo=echo,
        hide_parameters=True,
        pool_size=max(1, max_connections // 3),
        max_overflow=max_connections - max(1, max_connections // 3),
        pool_timeout=_POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "timeout": 5,
            "command_timeout": 10,
            "server_settings": {"application_name": APPLICATION_NAME},
        },
    )
    return Engines(engine, engine.execution_options(postgresql_readonly=True))


def _sqlite_engines(url: URL, echo: bool) -> Engines:
    """SQLite has one writer at a time: one connection that callers take in order of arrival, and several for reading.

    Writers of other processes are waited for by SQLite's busy handler; BEGIN IMMEDIATE takes the write lock at
    once, because a transaction that reads first and writes later fails when another one wrote in between.
    """
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    writing = create_async_engine(
        url,
        echo=echo,
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_SECONDS,
        connect_args={"timeout": 10},
    )
    reading = create_async_engine(
        url,
        echo=echo,
        hide_parameters=True,
        pool_size=4,
        max_overflow=4,
        pool_timeout=_POOL_WAIT_SECONDS,
        connect_args={"timeout": 10},
    )
    _configure(writing, "BEGIN IMMEDIATE", ["journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"])
    _configure(reading, "BEGIN", ["query_only=ON"], is_reading=True)
    return Engines(writing, reading)


def _configure(engine: AsyncEngine, begin: str, pragmas: list[str], *, is_reading: bool = False) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver shall not begin transactions by itself
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.begin_with(begin, is_reading=is_reading)
