"""Brings a database to the newest schema. Refuses one that a newer portal has written."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import async_url
from app.db.faults import is_unavailable
from app.errors import UnavailableError

BACKEND = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 10
_REVISION = re.compile(r"^(down_revision|revision)\b[^=\n]*=\s*(?:[\"']([^\"'\n]+)[\"']|None)", re.MULTILINE)

# PostgreSQL: wrong password or role, no such database, no right to create tables
_REFUSED = ("28", "3D", "42501")

_AWAY = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError, sqlite3.DatabaseError, DBAPIError)

Result = TypeVar("Result")


class UnknownRevisionError(UnavailableError):
    """The database's schema is of a portal that is newer than this one."""

    code = "database_too_new"


class DatabaseUnusableError(UnavailableError):
    """The database cannot be reached, opened or written; its own words are in the message."""

    code = "database_unavailable"


def known_revisions() -> list[str]:
    """Return the revisions from the first to the newest, read without importing Alembic (which takes long)."""
    following: dict[str | None, str] = {}
    for path in (BACKEND / "migrations" / "versions").glob("*.py"):
        values = {name: value or None for name, value in _REVISION.findall(path.read_text(encoding="utf-8"))}
        following[values["down_revision"]] = str(values["revision"])
    chain: list[str] = []
    while (revision := following.get(chain[-1] if chain else None)) is not None:
        chain.append(revision)
    return chain


def current_revision(database_url: str, data_dir: Path) -> str | None:
    """Return the revision that a database is at, or None when it is empty. Callable from any thread."""
    url = async_url(database_url, data_dir)
    with _plain_errors(url):
        if url.get_backend_name() == "sqlite":
            return _sqlite_revision(Path(str(url.database)))
        return _in_thread(lambda: asyncio.run(_postgresql_revision(url)))


def upgrade(database_url: str, data_dir: Path, revision: str = "head") -> None:
    """Bring the database to a revision, the newest by default; does nothing when it is there already.

    Safe when several replicas start at once: one migrates, the others wait for it. Callable from any thread,
    also from one whose event loop is running (it blocks until done).

    Raises:
        UnknownRevisionError: when the database is newer than this code.
        DatabaseUnusableError: when it cannot be reached or written; nothing was changed.
    """
    chain = known_revisions()
    current = current_revision(database_url, data_dir)
    if current is not None and current not in chain:
        raise UnknownRevisionError(
            f"The database is at revision {current}, which this version of the portal does not know. "
            "It was written by a newer one: install that, or restore a backup."
        )
    if current != (chain[-1] if revision == "head" else revision):
        _run_alembic("upgrade", async_url(database_url, data_dir), revision)


def downgrade(database_url: str, data_dir: Path, revision: str) -> None:
    """Take the database back to a revision (`base` is before the first); what the dropped tables held is lost."""
    _run_alembic("downgrade", async_url(database_url, data_dir), revision)


def check_drift(database_url: str, data_dir: Path) -> None:
    """Compare the tables in the code with a migrated database; raises alembic.util.CommandError when they differ."""
    _run_alembic("check", async_url(database_url, data_dir), None)


def _run_alembic(command: str, url: URL, revision: str | None) -> None:
    from alembic import command as alembic_commands
    from alembic.config import Config

    config = Config(BACKEND / "alembic.ini")
    config.attributes["url"] = url  # migrations/env.py reads it
    arguments = [config] if revision is None else [config, revision]
    with _plain_errors(url):
        _in_thread(lambda: getattr(alembic_commands, command)(*arguments))


@contextmanager
def _plain_errors(url: URL) -> Iterator[None]:
    """Turn what drivers raise when a database is not there into one error that names it, without its password."""
    try:
        yield
    except _AWAY as error:
        reason = getattr(error, "orig", None) or error
        if isinstance(error, DBAPIError) and not is_unavailable(error) and not _is_refused(reason):
            raise
        raise DatabaseUnusableError(f"The database {_shown(url)} cannot be used: {reason}") from error
    except Exception as error:
        if not _is_refused(error):  # wrong password, no such database: asyncpg's own, raised while connecting
            raise
        raise DatabaseUnusableError(f"The database {_shown(url)} cannot be used: {error}") from error


def _shown(url: URL) -> str:
    """Write the URL as a person would, with its password blanked."""
    return url.set(drivername=url.get_backend_name()).render_as_string()


def _is_refused(error: BaseException) -> bool:
    """Whether the server says no, or the driver does before it asks (an `sslmode` or a certificate that is none)."""
    is_misconfigured = type(error.__cause__).__name__ == "ClientConfigurationError"
    return is_misconfigured or (getattr(error, "sqlstate", None) or "").startswith(_REFUSED)


def _in_thread(work: Callable[[], Result]) -> Result:
    """Run something that needs an event loop of its own, whatever runs in the calling thread."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="migrate") as executor:
        return executor.submit(work).result()


def _sqlite_revision(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=_TIMEOUT_SECONDS)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


async def _postgresql_revision(url: URL) -> str | None:
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": _TIMEOUT_SECONDS})
    async with engine.connect() as connection:
        if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return None
        revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
