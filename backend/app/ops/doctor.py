"""Looks at a portal's settings and surroundings, and says in one line each what is well and what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app import __version__
from app.auth.secret import FILE_NAME as SECRET_FILE
from app.config import PROJECT_ROOT, Settings, environment_value
from app.coord.factory import create_coord
from app.db.engine import async_url
from app.db.migrate import current_revision, known_revisions
from app.errors import PortalError
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.models.config_file import ConfigFileError, parse

Verdict = Literal["ok", "warn", "FAIL"]
_LOW_DISK_BYTES = 1 << 30
_LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's."""

    verdict: Verdict
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.subject}: {self.words}"


def examine(settings: Settings) -> Iterator[Check]:
    """Yield one check after the other; the slow ones last."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("ok", "versions", f"portal {__version__}, Python {python}")
    yield _page()
    yield _data_dir(settings.portal_data_dir)
    yield _disk(settings.portal_data_dir)
    yield _secret(settings)
    yield _log(settings)
    yield _database(settings)
    yield asyncio.run(_redis(settings))
    yield asyncio.run(_model(settings))
    if settings.models_path is not None:
        yield _models_file(settings.models_path)
    if settings.mqtt_broker_host:
        yield asyncio.run(_broker(settings))


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
    if free < _LOW_DISK_BYTES:
        return Check("warn", "disk", f"{words}; the portal stops writing when nothing is left")
    return Check("ok", "disk", words)


def _secret(settings: Settings) -> Check:
    if settings.secret_key.get_secret_value():
        note = (
            " SECRET_KEY_PREVIOUS is set: remove it after"
            if settings.secret_key_previous.get_secret_value()
            else ""
        )
        days = f" {settings.refresh_token_expire_days} days" if note else ""
        return Check("ok", "secret", f"SECRET_KEY is set.{note}{days}")
    kept = settings.portal_data_dir / SECRET_FILE
    if settings.redis_url:
        return Check("warn", "secret", "REDIS_URL is set, SECRET_KEY is not: replicas need the same one")
    if kept.exists() and stat.S_IMODE(kept.stat().st_mode) & 0o077:
        return Check("FAIL", "secret", f"{kept} can be read by others: chmod 600 it")
    return Check("ok", "secret", f"kept in {kept}")


def _log(settings: Settings) -> Check:
    if settings.log_content:
        return Check(
            "warn", "log", "LOG_CONTENT is on: everybody's prompts and answers are written to the log"
        )
    return Check("ok", "log", "no prompts and no answers are in it")


def _database(settings: Settings) -> Check:
    try:
        revision = current_revision(settings.database_url, settings.portal_data_dir)
        kind = async_url(settings.database_url, settings.portal_data_dir).get_backend_name()
    except (PortalError, ValueError) as error:
        return Check("FAIL", "database", getattr(error, "message", str(error)))
    known = known_revisions()
    if revision is None:
        return Check("warn", "database", f"{kind} is empty; it is made at the first start")
    if revision not in known:
        return Check("FAIL", "database", f"schema {revision} is of a newer portal; install that version")
    if revision != known[-1]:
        return Check("warn", "database", f"schema {revision}, newest {known[-1]}; the next start migrates it")
    return Check("ok", "database", f"{kind}, schema {revision}")


async def _redis(settings: Settings) -> Check:
    if not settings.redis_url:
        return Check("ok", "coordination", "in memory: right for one process")
    coord = create_coord(settings.redis_url, shared_name="doctor")
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await coord.start()
            health = await coord.health()
    except TimeoutError:
        return Check("FAIL", "coordination", "Redis does not answer; check REDIS_URL")
    finally:
        await coord.close()
    if health.is_healthy:
        return Check("ok", "coordination", f"Redis answers in {health.latency_ms:.1f} ms")
    return Check("FAIL", "coordination", f"{health.message or 'Redis does not answer'}; check REDIS_URL")


async def _model(settings: Settings) -> Check:
    if settings.is_embedded:
        path = settings.embedded_model
        if not path.is_file():
            return Check("FAIL", "model", f"there is no file {path}; set LLM_MODEL_PATH or LLM_SERVER_URL")
        return Check("ok", "model", f"embedded llama.cpp with {path.name}")
    timeouts = Timeouts(_LOOK_SECONDS, _LOOK_SECONDS, _LOOK_SECONDS, _LOOK_SECONDS)
    key = settings.llm_api_key.get_secret_value()
    provider = OpenAICompatibleProvider(
        "configured", base_url=settings.llm_server_url, api_key=key, timeouts=timeouts
    )
    try:
        health = await provider.check_health()
    finally:
        await provider.close()
    if health.is_healthy:
        return Check("ok", "model", "the model server answers")
    return Check("FAIL", "model", f"{health.message} Check LLM_SERVER_URL and LLM_API_KEY.")


def _models_file(file: Path) -> Check:
    try:
        found = parse(file.read_text(encoding="utf-8"), environment_value)
    except ConfigFileError as error:
        first = error.mistakes[0]
        words = f"{file}, line {first.line}: {first.message}; mend it, it is read again by itself"
        return Check("FAIL", "models file", words)
    except (OSError, UnicodeDecodeError):
        return Check("FAIL", "models file", f"{file} cannot be read; check MODELS_FILE and its permissions")
    words = f"{len(found.providers)} providers, {len(found.models)} models"
    return Check("ok", "models file", words)


async def _broker(settings: Settings) -> Check:
    place = f"{settings.mqtt_broker_host}:{settings.mqtt_broker_port}"
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            _, writer = await asyncio.open_connection(settings.mqtt_broker_host, settings.mqtt_broker_port)
    except (OSError, TimeoutError):
        return Check(
            "FAIL",
            "mqtt",
            f"nothing answers at {place}; start the broker, or check MQTT_BROKER_HOST and _PORT",
        )
    writer.close()
    return Check("ok", "mqtt", f"something answers at {place}")
