"""Short database sessions: one transaction each; never held across a call to a model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import create_engine
from app.errors import UnavailableError


class DatabaseUnavailableError(UnavailableError):
    """The database did not answer; nothing was changed."""

    code = "database_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The portal's database does not answer. Try again in a moment.", retry_after_seconds=2
        )


class Database:
    """One engine and its sessions.

    `transaction()` commits at the end of its block and rolls back on an exception, so a repository never commits.
    """

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.engine = create_engine(database_url, data_dir)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session, commit when the block ends; raises DatabaseUnavailableError when it cannot be reached."""
        try:
            async with self._sessions() as session, session.begin():
                yield session
        except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
            raise DatabaseUnavailableError from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseUnavailableError from error
            raise

    async def ping(self) -> None:
        """Ask the database for one row; raises DatabaseUnavailableError."""
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()
