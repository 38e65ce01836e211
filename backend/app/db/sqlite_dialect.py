"""SQLite over aiosqlite with one hop to the driver's thread per statement.

The stock adapter hops for opening a cursor, executing, fetching and closing, and SQLAlchemy's BEGIN and the pool's reset
add their own; a turn of a chat then spends more time in hops than in SQLite. Here a statement with all its rows is one
hop, BEGIN travels with the first statement, and a transaction that was never begun costs nothing to end.
"""

from __future__ import annotations

import collections
import sqlite3
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util.concurrency import await_

DRIVER_NAME = "sqlite+onehop"


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that holds its rows; the driver's own cursor lives only within the hop."""

    __slots__ = ("_arraysize", "_description", "_lastrowid", "_rowcount")
    _adapt_connection: OneHopConnection

    def __init__(self, adapt_connection: OneHopConnection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = collections.deque()
        self._description: Any = None
        self._lastrowid = -1
        self._rowcount = -1
        self._arraysize = 1

    @property
    def arraysize(self) -> int:
        return self._arraysize

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._arraysize = value

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    async def _async_soft_close(self) -> None:
        return None

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._hop("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._hop("executemany", operation, seq_of_parameters)

    async def _hop(self, method: str, operation: Any, parameters: Any) -> None:
        connection = self._adapt_connection
        async with connection._execute_mutex:
            begin, commits = connection.take_begin(), connection.take_commit()
            raw: sqlite3.Connection = self._connection._conn

            def run() -> tuple[Any, int, int, list[Any]]:
                cursor = raw.cursor()
                try:
                    if begin is not None:
                        cursor.execute(begin)
                    getattr(cursor, method)(operation, parameters)
                    rows = cursor.fetchall() if cursor.description else []
                    if commits:
                        raw.commit()
                    return cursor.description, cursor.lastrowid or -1, cursor.rowcount, rows
                finally:
                    cursor.close()
                    connection.is_begun = raw.in_transaction

            connection.is_begun = True  # a caller that is cancelled here must still roll back
            found = await self._connection._execute(run)
            self._description, self._lastrowid, self._rowcount, rows = found
            self._rows = collections.deque(rows)


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose transaction begins with its first statement."""

    __slots__ = ("_is_reading", "_pending_begin", "_pending_commit", "is_begun")
    _cursor_cls = OneHopCursor  # type: ignore[assignment]

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._pending_begin: str | None = None
        self._pending_commit = False
        self.is_begun = False  # what SQLite said after the last statement; written in the driver's thread
        self._is_reading = False

    def begin_with(self, statement: str, *, is_reading: bool) -> None:
        """Let the next statement begin a transaction by `statement`."""
        self._pending_begin, self._is_reading = statement, is_reading

    def take_begin(self) -> str | None:
        """Return what must run before the next statement."""
        begin, self._pending_begin = self._pending_begin, None
        return begin

    def commit_with_next(self) -> None:
        """Let the next statement, the transaction's last, commit it in the same hop."""
        self._pending_commit = True

    def take_commit(self) -> bool:
        """Tell whether the next statement commits."""
        commits, self._pending_commit = self._pending_commit, False
        return commits

    def commit(self) -> None:
        self._end("commit")

    def rollback(self) -> None:
        self._end("rollback")

    def _end(self, how: str) -> None:
        """End the transaction if one was begun. A reader does not wait: nothing of its snapshot could fail to end."""
        self._pending_begin, self._pending_commit = None, False
        if not self._connection._connection:
            return
        raw: sqlite3.Connection = self._connection._conn
        try:
            if self._is_reading:
                # behind whatever still runs for a caller that was cancelled
                self._connection._tx.put_nowait((None, raw.rollback))
            elif self.is_begun:
                await_(self._connection._execute(getattr(raw, how)))
                self.is_begun = raw.in_transaction
        except Exception as error:
            self._handle_exception(error)


class OneHopDbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> OneHopConnection:
        stock = super().connect(*arg, **kw)
        return OneHopConnection(self, stock._connection)


class OneHopDialect(SQLiteDialect_aiosqlite):
    supports_statement_cache = True
    supports_server_side_cursors = False

    @classmethod
    def import_dbapi(cls) -> OneHopDbapi:
        return OneHopDbapi(__import__("aiosqlite"), sqlite3)


registry.register("sqlite.onehop", __name__, "OneHopDialect")
