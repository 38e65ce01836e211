"""What the doctor sees on the machine itself: files, secrets, the log, the port."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app import __version__
from app.auth.secret import FILE_NAME as SECRET_FILE
from app.auth.secret import SecretFileError, stored_secret
from app.config import LOW_DISK_BYTES, PROJECT_ROOT, Settings, misspelt_names
from app.launch.errors import LaunchError
from app.launch.port import ALREADY_ANSWERS, take_port
from app.launch.serve import check_telemetry
from app.models.vault import create_vault

Verdict = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's."""

    verdict: Verdict
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.subject}: {self.words}"


def look_at_machine(settings: Settings) -> Iterator[Callable[[], Check]]:
    """Yield the checks that ask nobody else."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield lambda: Check("ok", "versions", f"portal {__version__}, Python {python}")
    yield _names
    yield _page
    yield lambda: _data_dir(settings.portal_data_dir)
    yield lambda: _disk(settings.portal_data_dir)
    yield lambda: _port(settings)
    yield lambda: _secret(settings)
    yield lambda: _encryption(settings)
    yield lambda: _log(settings)
    if settings.otel_exporter_otlp_endpoint:
        yield lambda: _telemetry(settings)


def _names() -> Check:
    if misspelt := misspelt_names():
        words = "; ".join(f"{name} in .env is no setting: is {meant} meant?" for name, meant in misspelt)
        return Check("warn", "settings", words)
    return Check("ok", "settings", "read from the environment and .env")


def _page() -> Check:
    if (PROJECT_ROOT / "frontend" / "dist" / "index.html").exists():
        return Check("ok", "page", "built")
    return Check("warn", "page", "not built; ./setup_llm.sh builds it. The API works without.")


def _data_dir(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("warn", "data folder", f"{folder} is made at the first start")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(
            "FAIL", "data folder", f"{folder} cannot be written; change its owner, or PORTAL_DATA_DIR"
        )
    return Check("ok", "data folder", str(folder))


def _disk(folder: Path) -> Check:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    words = f"{free / (1 << 30):.1f} GiB free"
    if free < LOW_DISK_BYTES:
        return Check("warn", "disk", f"{words}; the portal stops writing when nothing is left")
    return Check("ok", "disk", words)


def _port(settings: Settings) -> Check:
    place = f"{settings.portal_host}:{settings.portal_port}"
    try:
        take_port(settings.portal_host, settings.portal_port).close()
    except LaunchError as error:
        is_ours = str(error).startswith(ALREADY_ANSWERS)
        return (
            Check("ok", "port", f"a portal answers at {place}")
            if is_ours
            else Check("FAIL", "port", str(error))
        )
    return Check("ok", "port", f"{place} is free")


def _secret(settings: Settings) -> Check:
    if settings.secret_key.get_secret_value():
        if not settings.secret_key_previous.get_secret_value():
            return Check("ok", "secret", "SECRET_KEY is set.")
        days = settings.refresh_token_expire_days
        return Check(
            "ok", "secret", f"SECRET_KEY is set. SECRET_KEY_PREVIOUS is set: remove it after {days} days"
        )
    kept = settings.portal_data_dir / SECRET_FILE
    if settings.redis_url:
        return Check("warn", "secret", "REDIS_URL is set, SECRET_KEY is not: replicas need the same one")
    if not kept.exists():
        return Check("ok", "secret", f"a random one is made at the first start, in {kept}")
    if stat.S_IMODE(kept.stat().st_mode) & 0o077:
        return Check("FAIL", "secret", f"{kept} can be read by others: chmod 600 it")
    try:
        stored_secret(settings.portal_data_dir)
    except SecretFileError as error:
        return Check("FAIL", "secret", str(error))
    return Check("ok", "secret", f"kept in {kept}")


def _encryption(settings: Settings) -> Check:
    if not settings.encryption_key.get_secret_value():
        words = "ENCRYPTION_KEY is not set: the page cannot keep keys of model servers"
        return Check("ok", "encryption", words)
    if not create_vault(settings).is_usable:
        words = "ENCRYPTION_KEY is not 32 bytes in URL-safe base64; .env.example says how to make one"
        return Check("FAIL", "encryption", words)
    if settings.encryption_key_previous.get_secret_value():
        words = "ENCRYPTION_KEY is set. ENCRYPTION_KEY_PREVIOUS is set: remove it after `rotate-encryption`"
        return Check("ok", "encryption", words)
    return Check("ok", "encryption", "ENCRYPTION_KEY is set")


def _log(settings: Settings) -> Check:
    if settings.log_file:
        file = settings.portal_data_dir / settings.log_file
        place = next(path for path in (file, *file.parents) if path.exists())
        if place.is_dir() == (place == file) or not os.access(place, os.W_OK):
            return Check("FAIL", "log", f"LOG_FILE: {file} cannot be written")
    if settings.log_content:
        return Check(
            "warn", "log", "LOG_CONTENT is on: everybody's prompts and answers are written to the log"
        )
    return Check("ok", "log", "no prompts and no answers are in it")


def _telemetry(settings: Settings) -> Check:
    try:
        check_telemetry(settings)
    except LaunchError as error:
        return Check("FAIL", "telemetry", str(error))
    return Check("ok", "telemetry", f"traces and metrics go to {settings.otel_exporter_otlp_endpoint}")
