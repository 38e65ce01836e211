"""Tells a database that does not answer from a statement that is wrong; the latter is a bug and stays an exception."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# sqlite3 result codes: the statement itself is at fault (generic error, constraint, misuse, wrong type, range)
_SQLITE_OWN_FAULTS = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
# PostgreSQL, appendix A: connection exception, insufficient resources, operator intervention, system error
_POSTGRESQL_CLASSES = ("08", "53", "57", "58")


def is_unavailable(error: BaseException) -> bool:
    """Whether the error means that the database could not be asked (down, full, locked for too long, too slow)."""
    if isinstance(error, (PoolTimeoutError, OSError)):
        return True  # a driver's TimeoutError is an OSError too
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original = error.orig
    if isinstance(original, sqlite3.DatabaseError):
        code = getattr(original, "sqlite_errorcode", None)
        return code is not None and (code & 0xFF) not in _SQLITE_OWN_FAULTS
    sqlstate = getattr(original, "sqlstate", None) or ""
    return sqlstate.startswith(_POSTGRESQL_CLASSES)


def is_full(error: BaseException) -> bool:
    """Whether the database's disk is full: it answers, and takes nothing new."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.DatabaseError):
        code: int | None = getattr(original, "sqlite_errorcode", None)
        return code is not None and (code & 0xFF) == sqlite3.SQLITE_FULL
    return getattr(original, "sqlstate", None) == "53100"


def is_refused_write(error: BaseException) -> bool:
    """Whether SQLite refused a write because the connection, or the file, is for reading only."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) == sqlite3.SQLITE_READONLY
