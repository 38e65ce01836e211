"""Looks at a portal's settings and surroundings, and says in one line each what is well and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from app.bridge.certificates import CertificateFileError
from app.bridge.choice import bridge_name, configured_broker
from app.bridge.trial import problem_at
from app.config import Settings, environment_value
from app.coord.factory import create_coord
from app.db.engine import async_url
from app.db.migrate import current_revision, known_revisions
from app.db.session import Database
from app.errors import PortalError
from app.kit.ids import new_id
from app.launch.errors import LaunchError
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.models.config_file import ConfigFileError, parse
from app.models.rotation import unreadable_keys
from app.models.vault import create_vault
from app.ops import postgres_dump
from app.ops.checks import Check, look_at_machine

_LOOK_SECONDS = 5.0


def examine(settings: Settings) -> Iterator[Check]:
    """Yield one check after the other; the slow ones last."""
    for look in (*look_at_machine(settings), *_look_at_others(settings)):
        try:
            yield look()
        except Exception as error:  # what is so broken that nobody thought of it must not hide the rest
            yield Check("FAIL", "doctor", f"a check could not be made: {type(error).__name__}")


def _look_at_others(settings: Settings) -> Iterator[Callable[[], Check]]:
    yield lambda: _database(settings)
    if settings.database_url.startswith("postgres"):
        yield lambda: _backup(settings)
    if settings.encryption_key.get_secret_value():
        yield lambda: asyncio.run(_stored_keys(settings))
    yield lambda: asyncio.run(_redis(settings))
    yield lambda: asyncio.run(_model(settings))
    if (models := settings.models_path) is not None:
        yield lambda: _models_file(models)
    if settings.mqtt_broker_host:
        yield lambda: asyncio.run(_broker(settings))


def _database(settings: Settings) -> Check:
    try:
        revision = current_revision(settings.database_url, settings.portal_data_dir)
        kind = async_url(settings.database_url, settings.portal_data_dir).get_backend_name()
    except PortalError as error:
        return Check("FAIL", "database", error.message)
    known = known_revisions()
    if revision is None:
        return Check("warn", "database", f"{kind} is empty; it is made at the first start")
    if revision not in known:
        return Check("FAIL", "database", f"schema {revision} is of a newer portal; install that version")
    if revision != known[-1]:
        return Check("warn", "database", f"schema {revision}, newest {known[-1]}; the next start migrates it")
    return Check("ok", "database", f"{kind}, schema {revision}")


def _backup(settings: Settings) -> Check:
    try:
        postgres_dump.try_out(async_url(settings.database_url, settings.portal_data_dir))
    except (LaunchError, PortalError) as error:
        return Check("warn", "backup", f"`backup` will not work: {error}")
    return Check("ok", "backup", "pg_dump reads the database")


async def _stored_keys(settings: Settings) -> Check:
    if _database(settings).verdict != "ok":
        return Check("ok", "provider keys", "not looked at: the database comes first")
    database = Database(settings.database_url, settings.portal_data_dir)
    try:
        unreadable = await unreadable_keys(database, create_vault(settings))
    finally:
        await database.close()
    if unreadable:
        words = f"no ENCRYPTION_KEY opens those of {', '.join(unreadable)}: set the one that they were stored with"
        return Check("FAIL", "provider keys", f"{words}, or enter them again")
    return Check("ok", "provider keys", "all that are stored can be read")


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
    name = f"{bridge_name(settings)}-doctor-{new_id()[-12:]}"
    try:
        problem = await problem_at(configured_broker(settings), name, _LOOK_SECONDS)
    except CertificateFileError as error:
        return Check("FAIL", "mqtt", str(error))
    if problem:
        advice = (
            "Start the broker, or check MQTT_BROKER_HOST and _PORT, MQTT_USERNAME and _PASSWORD, MQTT_TLS"
        )
        return Check("FAIL", "mqtt", f"{problem} {advice}")
    return Check("ok", "mqtt", f"the broker at {place} lets the portal in")
