"""PostgreSQL's part of a backup, by its own programs: a dump of one instant, and its way back into the portal's database."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL

from app.config import environment_value
from app.db.engine import APPLICATION_NAME
from app.db.registry import load_metadata
from app.launch.errors import LaunchError

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PSQL = ("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
_CONNECTED = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


def dump(url: URL, target: Path) -> None:
    """Write what the database holds at one instant. Raises LaunchError."""
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], url)


def try_out(url: URL) -> None:
    """Dump next to nothing, to see whether a dump can be made. Raises LaunchError."""
    _run(["pg_dump", "--schema-only", "--table=alembic_version"], url)


def load(url: URL, source: Path) -> None:
    """Put a dump in place of the portal's tables, whole or not at all.

    Tables that the dump does not know, of a newer portal, go too: they would be in the way of the next migration.
    Raises LaunchError, also while a portal is connected, and for a database with tables of somebody else.
    """
    if APPLICATION_NAME in _run([*_PSQL, "--command", _CONNECTED], url).splitlines():
        raise LaunchError("A portal is connected to the database. Stop every replica first.")
    found = _run([*_PSQL, "--command", _TABLES], url).split()
    if strange := sorted(set(found) - {"alembic_version", *load_metadata().tables}):
        raise LaunchError(
            f"The database has tables that this portal did not make: {', '.join(strange)}. "
            "Make an empty database, and name it in DATABASE_URL."
        )
    drop = f"DROP TABLE {', '.join(found)} CASCADE;" if found else ""
    _replay(url, source, drop)


def _replay(url: URL, source: Path, first: str) -> None:
    """Run a statement and then a dump in one transaction, which is committed only when all of the dump was read."""
    reader = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--file=-", str(source)]
    with (
        tempfile.TemporaryFile() as reader_errors,
        tempfile.TemporaryFile() as writer_errors,
        _started(reader, url, stdout=subprocess.PIPE, stderr=reader_errors) as reading,
        _started([*_PSQL], url, stdin=subprocess.PIPE, stderr=writer_errors) as writing,
    ):
        assert reading.stdout is not None
        assert writing.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has said why
            writing.stdin.write(f"BEGIN;\n{first}\n".encode())
            shutil.copyfileobj(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                writing.stdin.write(b"COMMIT;\n")
            writing.stdin.close()
        reading.stdout.close()
        if writing.wait():
            raise LaunchError(f"psql failed: {_said(writer_errors)}")
        if reading.wait():
            raise LaunchError(f"pg_restore failed: {_said(reader_errors)}")


def _run(command: list[str], url: URL) -> str:
    with (
        tempfile.TemporaryFile() as errors,
        _started(command, url, stdout=subprocess.PIPE, stderr=errors) as asked,
    ):
        said, _ = asked.communicate()
        if asked.returncode:
            raise LaunchError(f"{command[0]} failed: {_said(errors)}")
    return str(said.decode())


def _started(
    command: list[str],
    url: URL,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=_environment(url), stdin=stdin, stdout=stdout, stderr=stderr)
    except FileNotFoundError:
        raise LaunchError(f"{command[0]} is not installed (Debian: postgresql-client).") from None


def _environment(url: URL) -> dict[str, str]:
    """Say where the database is; the password goes this way because `ps` shows what a program is called with."""
    found = {
        "PATH": _PATH,
        "PGHOST": url.host or str(url.query.get("host", "")),
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
        "PGSSLMODE": str(url.query.get("ssl", "")),
        "PGSSLROOTCERT": environment_value("PGSSLROOTCERT") or "",
    }
    return {name: value for name, value in found.items() if value}


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()[-500:]
