"""SQLite's part of a backup: a copy of one instant, and its place back in front of a portal that is stopped."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from app.launch.errors import LaunchError

_WAIT_SECONDS = 1.0


def copy(source: Path, target: Path) -> None:
    """Copy a database that is being written, as it is at one instant. Raises LaunchError."""
    if not source.exists():
        raise LaunchError(f"There is no database at {source}.")
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as made,
    ):
        live.backup(
            made
        )  # in one step: between two steps a write would make it begin again, for ever on a busy portal
        made.execute("PRAGMA journal_mode=DELETE")
        _check(made)


def place(source: Path, target: Path) -> None:
    """Put a copy in place of a database, whole or not at all. Raises LaunchError while a portal has it open."""
    with closing(sqlite3.connect(source)) as found:
        _check(found)
    _refuse_if_open(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.restored")
    try:
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        for leftover in ("-wal", "-shm"):  # of the old database: read with the new one they would damage it
            target.with_name(target.name + leftover).unlink(missing_ok=True)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _refuse_if_open(database: Path) -> None:
    """A running portal would go on writing into the file that was replaced, and all of that would be lost."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database, timeout=_WAIT_SECONDS)) as old:
            old.execute(
                "PRAGMA journal_mode=DELETE"
            )  # SQLite leaves WAL only if nobody else has the file open
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise LaunchError(f"A portal has {database} open. Stop it first.") from None
    except sqlite3.DatabaseError:
        pass  # damaged: that may be why it is replaced


def _check(database: sqlite3.Connection) -> None:
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise LaunchError(f"The database is damaged: {verdict}")
