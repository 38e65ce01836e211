"""A backup is one archive: the database as it was at one instant, the kept secret, and what wrote it."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.engine import URL

from app import __version__
from app.auth.secret import FILE_NAME as SECRET_FILE
from app.config import Settings
from app.db.engine import async_url
from app.db.migrate import current_revision, known_revisions
from app.kit.clock import isoformat
from app.launch.errors import LaunchError
from app.ops import postgres_dump, sqlite_copy

FORMAT = "prompt-portal.backup/1"
_MANIFEST, _SQLITE, _POSTGRES = "manifest.json", "database.sqlite", "database.dump"
_CHUNK_BYTES = 1 << 20


def write_backup(settings: Settings, archive: Path) -> dict[str, Any]:
    """Write the archive (mode 0600: it holds everybody's conversations) while the portal runs. Raises LaunchError."""
    if archive.exists():
        raise LaunchError(f"{archive} exists already; name another file.")
    url = async_url(settings.database_url, settings.portal_data_dir)
    name = _copy_name(url)
    with _plain_errors(archive), tempfile.TemporaryDirectory(dir=_parent(archive)) as folder:
        copied = Path(folder) / name
        if name == _SQLITE:
            sqlite_copy.copy(Path(str(url.database)), copied)
        else:
            postgres_dump.dump(url, copied)
        manifest = {
            "format": FORMAT,
            "portal": __version__,
            "database": name,
            "revision": current_revision(settings.database_url, settings.portal_data_dir),
            "created_at": isoformat(datetime.now(UTC)),
        }
        draft = Path(folder) / "archive"
        _pack(draft, manifest, copied, settings.portal_data_dir / SECRET_FILE)
        draft.replace(archive)
        return {**manifest, "bytes": archive.stat().st_size}


def restore_backup(settings: Settings, archive: Path, *, is_forced: bool) -> dict[str, Any]:
    """Put an archive's database and secret in place of what is there. Raises LaunchError, also while a portal runs."""
    data_dir = settings.portal_data_dir
    url = async_url(settings.database_url, data_dir)
    name = _copy_name(url)
    with _plain_errors(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir) as folder:  # /tmp may be small, or memory
            manifest = _unpack(archive, Path(folder))
            _refuse_strange(manifest, name)
            if not is_forced and current_revision(settings.database_url, data_dir) is not None:
                raise LaunchError(
                    "There is a database already. Stop the portal, and add --force to replace it."
                )
            if name == _SQLITE:
                sqlite_copy.place(Path(folder) / name, Path(str(url.database)))
            else:
                postgres_dump.load(url, Path(folder) / name)
            place_secret(Path(folder) / SECRET_FILE, data_dir / SECRET_FILE)
    return manifest


def _refuse_strange(manifest: dict[str, Any], wanted: str) -> None:
    if manifest["database"] != wanted:
        raise LaunchError("The backup is of the other kind of database; set DATABASE_URL to one of its kind.")
    if manifest["revision"] not in known_revisions():
        raise LaunchError("A newer portal wrote this backup. Install that version first.")


def _copy_name(url: URL) -> str:
    return _SQLITE if url.get_backend_name() == "sqlite" else _POSTGRES


def _parent(archive: Path) -> Path:
    if not archive.parent.is_dir():
        raise LaunchError(f"There is no folder {archive.parent}.")
    return archive.parent


@contextmanager
def _plain_errors(place: Path) -> Iterator[None]:
    """Say in a line what a disk or a database did not do."""
    try:
        yield
    except sqlite3.Error as error:
        raise LaunchError(f"SQLite says: {error}.") from None
    except OSError as error:
        raise LaunchError(f"{error.filename or place}: {error.strerror or error}.") from None


def place_secret(source: Path, target: Path) -> None:
    """Put the archive's secret, if it has one, in place of what is there, whole or not at all."""
    if not source.exists():
        return
    draft = target.with_name(f"{target.name}.restored")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(source.read_bytes())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


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
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r:") as packed:
            for member in packed:
                # read, not extracted: Python before 3.11.4 has no filters against what else an archive can hold
                content = packed.extractfile(member) if member.isfile() and member.name in known else None
                if content is not None:
                    _write(content, folder / member.name)
            while plain.read(_CHUNK_BYTES):  # its checksum is at its very end
                pass
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise LaunchError(f"{archive} is no backup of a portal, or it is damaged: {error}") from None
    if manifest.get("format") != FORMAT or not (folder / str(manifest.get("database"))).is_file():
        raise LaunchError(f"{archive} is no backup of a portal that this version can read.")
    return manifest


def _write(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)
