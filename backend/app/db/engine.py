"""Database engines: SQLite in WAL mode or PostgreSQL, from a URL with or without a driver's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class UnsupportedDatabaseError(ValueError):
    """The URL names a database that the portal does not speak."""


def async_url(database_url: str, data_dir: Path) -> URL:
    """Return the URL with an async driver; a relative SQLite path is taken from the data folder.

    Raises:
        UnsupportedDatabaseError: for anything but SQLite and PostgreSQL.
    """
    scheme, _, rest = database_url.partition("://")
    driver = _ASYNC_DRIVERS.get(scheme.partition("+")[0])
    if driver is None:
        raise UnsupportedDatabaseError(
            f"DATABASE_URL begins with {scheme!r}; use sqlite:///./app.db or postgresql://user:password@host/name"
        )
    url = make_url(f"{driver}://{rest}")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database)
        url = url.set(database=str(path if path.is_absolute() else (data_dir / path).resolve()))
    return url


def create_engine(database_url: str, data_dir: Path, *, echo: bool = False) -> AsyncEngine:
    """Make an engine that is ready for concurrent short transactions."""
    url = async_url(database_url, data_dir)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, echo)
    # pre-ping: after a restart of the server the pool mends itself instead of failing the first requests
    return create_async_engine(
        url,
        echo=echo,
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"timeout": 5, "command_timeout": 30},
    )


def _sqlite_engine(url: URL, echo: bool) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, echo=echo, connect_args={"timeout": 15})

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=15000")
        cursor.close()

    return engine
