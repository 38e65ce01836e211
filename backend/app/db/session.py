"""Short database sessions: one transaction each; never held across a call to a model."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import create_engines
from app.db.faults import is_full, is_refused_write, is_unavailable
from app.db.written import NotingSession, written_tables
from app.errors import UnavailableError

_CONNECT_SECONDS = 5.0
_FULL_SECONDS = 5.0


class DatabaseUnavailableError(UnavailableError):
    """The database did not answer; nothing was changed."""

    code = "database_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The portal's database does not answer. Try again in a moment.", retry_after_seconds=2
        )


class Database:
    """One database and its sessions, for one event loop.

    `transaction()` commits at the end of its block and rolls back on an exception, so a repository never commits.
    `reading()` sees one snapshot, never waits for a writer, and refuses to write.
    """

    def __init__(self, database_url: str, data_dir: Path, *, max_connections: int = 30) -> None:
        self._engines = create_engines(database_url, data_dir, max_connections=max_connections)
        self._writing = async_sessionmaker(
            self._engines.writing, expire_on_commit=False, sync_session_class=NotingSession
        )
        self._reading = async_sessionmaker(self._engines.reading, expire_on_commit=False, autoflush=False)
        self._writers: set[asyncio.Task[object] | None] = set()
        self._listeners: dict[str, list[Callable[[], Awaitable[None]]]] = {}
        self._full_at = -math.inf

    def on_written(self, table: str, listener: Callable[[], Awaitable[None]]) -> None:
        """Call a listener whenever a transaction of this process that wrote rows of a table was committed."""
        self._listeners.setdefault(table, []).append(listener)

    @property
    def engine(self) -> AsyncEngine:
        return self._engines.writing

    @property
    def is_sqlite(self) -> bool:
        return self.engine.url.get_backend_name() == "sqlite"

    @property
    def is_full(self) -> bool:
        """Whether a write of the last seconds found the database's disk full; reading may go on as if nothing were."""
        return time.monotonic() - self._full_at < _FULL_SECONDS

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session for writing, commit when the block ends.

        Raises:
            DatabaseUnavailableError: when the database cannot be reached; nothing was changed.
            RuntimeError: inside another `transaction()` of the same task, which would wait for itself on SQLite.
        """
        task = asyncio.current_task()
        if task in self._writers:
            raise RuntimeError("a transaction inside a transaction: hand the open session on instead")
        self._writers.add(task)
        try:
            async with self._session(self._writing) as session:
                yield session
        finally:
            self._writers.discard(task)
        for table in written_tables(session) & self._listeners.keys():
            for listener in self._listeners[table]:
                await listener()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading only; raises DatabaseUnavailableError when the database cannot be reached."""
        async with self._session(self._reading) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for writing without the ORM, commit when the block ends. For hot paths: nobody hears of its writes.

        Raises DatabaseUnavailableError when the database cannot be reached; nothing was changed.
        """
        try:
            connection = self._engines.writing.connect()
            async with asyncio.timeout(
                None if self.is_sqlite else _CONNECT_SECONDS
            ):  # a pooled connection may hang when it is tried
                await connection.start()
            try:
                async with connection.begin():
                    yield connection
            finally:
                await connection.close()
        except Exception as error:
            self._note_full(error)
            if is_unavailable(error):
                raise DatabaseUnavailableError from error
            raise

    async def commit_with_next(self, connection: AsyncConnection) -> None:
        """Let SQLite commit in one step with the connection's next statement, which must be its last."""
        if self.is_sqlite:
            raw: Any = (await connection.get_raw_connection()).dbapi_connection
            raw.commit_with_next()

    @asynccontextmanager
    async def _session(self, sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
        try:
            async with sessions() as session, session.begin():
                if not self.is_sqlite:
                    async with asyncio.timeout(
                        _CONNECT_SECONDS
                    ):  # a pooled connection may hang when it is tried
                        await session.connection()
                yield session
        except Exception as error:
            self._note_full(error)
            if is_unavailable(error) and not (sessions is self._reading and is_refused_write(error)):
                raise DatabaseUnavailableError from error
            raise

    def _note_full(self, error: Exception) -> None:
        if is_full(error):
            self._full_at = time.monotonic()

    async def ping(self) -> None:
        """Ask the database for one row; raises DatabaseUnavailableError."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engines.dispose()
