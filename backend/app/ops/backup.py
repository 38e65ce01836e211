"""A backup is one archive: the database as it was at one instant, the kept secret, and what wrote it."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from app import __version__
from app.auth.secret import FILE_NAME as SECRET_FILE
from app.config import Settings
from app.db.engine import async_url
from app.db.migrate import current_revision, known_revisions
from app.kit.clock import isoformat
from app.launch.errors import LaunchError

FORMAT = "prompt-portal.backup/1"
_MANIFEST, _SQLITE, _POSTGRES = "manifest.json", "database.sqlite", "database.dump"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write_backup(settings: Settings, archive: Path) -> dict[str, Any]:
    """Write the archive (mode 0600: it holds everybody's conversations) while the portal runs. Raises LaunchError."""
    if archive.exists():
        raise LaunchError(f"{archive} exists already; name another file.")
    url = async_url(settings.database_url, settings.portal_data_dir)
    is_sqlite = url.get_backend_name() == "sqlite"
    with tempfile.TemporaryDirectory(dir=_parent(archive)) as folder:
        dump = Path(folder) / (_SQLITE if is_sqlite else _POSTGRES)
        if is_sqlite:
            _copy_sqlite(Path(str(url.database)), dump)
        else:
            _run_postgres(["pg_dump", "--format=custom", "--no-owner", f"--file={dump}"], url)
        manifest = {
            "format": FORMAT,
            "portal": __version__,
            "database": dump.name,
            "revision": current_revision(settings.database_url, settings.portal_data_dir),
            "created_at": isoformat(datetime.now(UTC)),
        }
        draft = Path(folder) / "archive"
        _pack(draft, manifest, dump, settings.portal_data_dir / SECRET_FILE)
        draft.replace(archive)
    return {**manifest, "bytes": archive.stat().st_size}


def restore_backup(settings: Settings, archive: Path, *, is_forced: bool) -> dict[str, Any]:
    """Put an archive's database and secret in place of what is there. The portal must not run. Raises LaunchError."""
    url = async_url(settings.database_url, settings.portal_data_dir)
    is_sqlite = url.get_backend_name() == "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        manifest = _unpack(archive, Path(folder))
        wanted = _SQLITE if is_sqlite else _POSTGRES
        if manifest["database"] != wanted:
            raise LaunchError(
                "The backup is of the other kind of database; set DATABASE_URL to one of its kind."
            )
        if manifest["revision"] not in known_revisions():
            raise LaunchError("A newer portal wrote this backup. Install that version first.")
        if not is_forced and current_revision(settings.database_url, settings.portal_data_dir) is not None:
            raise LaunchError("There is a database already. Stop the portal, and add --force to replace it.")
        settings.portal_data_dir.mkdir(parents=True, exist_ok=True)
        if is_sqlite:
            _place_sqlite(Path(folder) / wanted, Path(str(url.database)))
        else:
            command = [
                "pg_restore",
                "--clean",
                "--if-exists",
                "--no-owner",
                "--single-transaction",
                "--dbname",
            ]
            _run_postgres([*command, str(url.database), str(Path(folder) / wanted)], url)
        _place_secret(Path(folder) / SECRET_FILE, settings.portal_data_dir / SECRET_FILE)
    return manifest


def _parent(archive: Path) -> Path:
    if not archive.parent.is_dir():
        raise LaunchError(f"There is no folder {archive.parent}.")
    return archive.parent


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy page by page with SQLite's backup API: one instant of a database that is being written."""
    if not source.exists():
        raise LaunchError(f"There is no database at {source}.")
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy, pages=2000)
        copy.execute("PRAGMA journal_mode=DELETE")
        _check(copy)


def _check(database: sqlite3.Connection) -> None:
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise LaunchError(f"The database is damaged: {verdict}")


def _place_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as found:
        _check(found)
    draft = target.with_name(f"{target.name}.restored")
    draft.write_bytes(source.read_bytes())
    draft.chmod(0o600)
    for leftover in ("-wal", "-shm"):  # of the old database: read with the new one they would damage it
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    draft.replace(target)


def _place_secret(source: Path, target: Path) -> None:
    if source.exists():
        target.unlink(missing_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(source.read_bytes())


def _pack(draft: Path, manifest: dict[str, Any], dump: Path, secret: Path) -> None:
    with (
        os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz") as archive,
    ):
        text = json.dumps(manifest, indent=1).encode()
        about = tarfile.TarInfo(_MANIFEST)
        about.size = len(text)
        archive.addfile(about, io.BytesIO(text))
        archive.add(dump, dump.name)
        if secret.exists():
            archive.add(secret, SECRET_FILE)


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    known = {_MANIFEST, _SQLITE, _POSTGRES, SECRET_FILE}
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                # read, not extracted: Python before 3.11.4 has no filters against what else an archive can hold
                content = packed.extractfile(member) if member.isfile() and member.name in known else None
                if content is not None:
                    with (folder / member.name).open("wb") as file:
                        shutil.copyfileobj(content, file)
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise LaunchError(f"{archive} is no backup of a portal: {error}") from None
    if manifest.get("format") != FORMAT or not (folder / str(manifest.get("database"))).is_file():
        raise LaunchError(f"{archive} is no backup of a portal that this version can read.")
    return manifest


def _run_postgres(command: list[str], url: URL) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where `ps` does not show it."""
    connection = {
        "PGHOST": url.host or str(url.query.get("host", "")),
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
    }
    try:
        done = subprocess.run(command, env={"PATH": _PATH, **connection}, capture_output=True, text=True)
    except FileNotFoundError:
        raise LaunchError(f"{command[0]} is not installed (Debian: postgresql-client).") from None
    if done.returncode:
        raise LaunchError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
