"""Looks at each part of the portal. A look that fails or takes too long is an answer: the part is down."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from app.admin.schemas import ComponentState, ReplicaRead
from app.bridge.status import BridgeStatus
from app.chat.runtime import Runtime
from app.config import LOW_DISK_BYTES
from app.errors import PortalError
from app.models.pool import PooledProvider

PROVIDER = "provider:"
"""Begins the names of further model servers."""
_LOOK_SECONDS = 3.0
_NO_DISK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    name: str
    state: ComponentState
    message: str
    advice: str = ""
    latency_ms: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


async def look_at_all(
    runtime: Runtime, bridge: BridgeStatus | None, replicas: Callable[[], Sequence[ReplicaRead]]
) -> list[Finding]:
    """Look at every part at once; takes `_LOOK_SECONDS` at most."""
    looks: dict[str, Callable[[], Awaitable[Finding]]] = {
        "database": lambda: _database(runtime),
        "coordination": lambda: _coordination(runtime),
        "model": lambda: _model(runtime),
    }
    slow = await asyncio.gather(*(_bounded(name, look) for name, look in looks.items()))
    findings = [*slow, _queue(runtime), _disk(runtime)]
    findings += [_provider(one) for one in runtime.catalog.pool.all()]
    findings += [_unusable(name, reason) for name, reason in runtime.stored_providers.unusable.items()]
    if runtime.catalog.mistakes:
        findings.append(_models_file(runtime))
    if runtime.settings.redis_url:
        findings.append(_replicas(replicas()))
    if runtime.embedded is not None:
        findings.append(_embedded(runtime))
    findings.append(_bridge(bridge))
    return findings


async def _bounded(name: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            return await look()
    except TimeoutError:
        return Finding(
            name, "down", f"No answer within {_LOOK_SECONDS:.0f} s.", "Look at its process and its log."
        )


async def _database(runtime: Runtime) -> Finding:
    began = time.perf_counter()
    kind = "SQLite" if runtime.database.is_sqlite else "PostgreSQL"
    try:
        await runtime.database.ping()
    except PortalError as error:
        advice = f"Check that {kind} runs and that DATABASE_URL is right; the portal's log has the cause."
        return Finding("database", "down", error.message, advice)
    if runtime.database.is_full:
        message = f"The disk of {kind} is full: it can be read, but takes nothing new."
        advice = "Make room on the disk where the database lies. The portal goes on by itself."
        return Finding("database", "down", message, advice)
    return Finding("database", "ok", f"{kind} answers.", latency_ms=_since(began))


async def _coordination(runtime: Runtime) -> Finding:
    health = await runtime.coord.health()
    if not health.is_shared:
        return Finding("coordination", "ok", "In this process's memory: one portal needs no Redis.")
    if health.is_healthy:
        return Finding("coordination", "ok", "Redis answers.", latency_ms=round(health.latency_ms, 2))
    advice = "Check that Redis runs and that REDIS_URL is right. Until then each process counts limits alone."
    return Finding("coordination", "degraded", health.message or "Redis does not answer.", advice)


async def _model(runtime: Runtime) -> Finding:
    health = await runtime.health.current()
    if health.is_available:
        latency = round(health.latency_ms, 2) if health.latency_ms is not None else None
        figures = {"models": float(len(runtime.targets.models))}
        return Finding("model", "ok", f"The {runtime.targets.source} server answers.", "", latency, figures)
    is_starting = runtime.embedded is not None and runtime.embedded.status.state in ("starting", "restarting")
    if is_starting:
        return Finding("model", "starting", health.message)
    return Finding(
        "model", "down", health.message, "Check the model server, and LLM_SERVER_URL and LLM_API_KEY."
    )


def _provider(pooled: PooledProvider) -> Finding:
    """A further model server, with the breakers of its models."""
    name, health = f"{PROVIDER}{pooled.name}", pooled.health
    if health is None:
        return Finding(name, "starting", "It has not been asked yet.")
    open_ones = sorted(model for model, guard in pooled.guards.items() if guard.breaker.state != "closed")
    figures = {"active": float(pooled.in_use), "models": float(len(pooled.listed))}
    latency = round(health.latency_ms, 2) if health.latency_ms is not None else None
    if not health.is_available:
        advice = "Check that server, its address and its key (Providers: Test). Its models' other servers are asked."
        return Finding(name, "down", health.message, advice, figures=figures)
    if open_ones:
        message = f"It answers, but is left alone after failures with: {', '.join(open_ones[:5])}."
        advice = (
            "It is tried again by itself within a minute. The portal's log has the failures; Providers: Test."
        )
        return Finding(name, "degraded", message, advice, latency, figures)
    return Finding(name, "ok", "The server answers.", "", latency, figures)


def _unusable(name: str, reason: str) -> Finding:
    advice = (
        "Change it (Providers), or set the ENCRYPTION_KEY that its key was stored with. "
        "Its models' other servers are asked."
    )
    return Finding(f"{PROVIDER}{name}", "down", reason, advice)


def _models_file(runtime: Runtime) -> Finding:
    first = runtime.catalog.mistakes[0]
    place = f"Line {first.line}: " if first.line else ""
    message = f"{place}{first.message} ({len(runtime.catalog.mistakes)} in all)."
    advice = "Mend MODELS_FILE; it is read again by itself. Until then its last good version is in use."
    return Finding("models_file", "degraded", message, advice)


def _queue(runtime: Runtime) -> Finding:
    active, queued = runtime.sessions.load()
    settings = runtime.settings
    figures = {"active": float(active), "queued": float(queued), "turns": float(runtime.sessions.running)}
    message = "Requests wait for a place." if queued else "There is room."
    if queued and queued >= settings.llm_max_queued:
        advice = (
            "Callers are told to come later. Add model capacity, or raise LLM_MAX_CONCURRENCY if it has room."
        )
        return Finding("queue", "degraded", message, advice, figures=figures)
    return Finding("queue", "ok", message, figures=figures)


def _disk(runtime: Runtime) -> Finding:
    try:
        usage = shutil.disk_usage(runtime.settings.portal_data_dir)
    except OSError as error:
        return Finding(
            "disk", "down", f"The data folder cannot be read: {error.strerror}.", "Check PORTAL_DATA_DIR."
        )
    message = f"{usage.free / (1 << 30):.1f} of {usage.total / (1 << 30):.0f} GiB are free."
    state: ComponentState = "ok"
    if usage.free < LOW_DISK_BYTES:
        state = "down" if usage.free < _NO_DISK_BYTES else "degraded"
    advice = "" if state == "ok" else "Free some space, or move PORTAL_DATA_DIR to a larger disk."
    return Finding("disk", state, message, advice, figures={"free_bytes": float(usage.free)})


def _embedded(runtime: Runtime) -> Finding:
    assert runtime.embedded is not None
    status = runtime.embedded.status
    states: dict[str, ComponentState] = {"ready": "ok", "starting": "starting", "restarting": "starting"}
    state = states.get(status.state, "down")
    message = (
        str(status.last_error) if state == "down" and status.last_error else f"llama.cpp is {status.state}."
    )
    advice = "The portal's log says why; try another model with --model." if state == "down" else ""
    return Finding("embedded_server", state, message, advice, figures={"restarts": float(status.restarts)})


def _replicas(found: Sequence[ReplicaRead]) -> Finding:
    silent = [one for one in found if one.silent_seconds is not None]
    talking = len(found) - len(silent)
    message = "This portal answers alone." if talking == 1 else f"{talking} portals answer."
    figures = {"replicas": float(talking)}
    if not silent:
        return Finding("replicas", "ok", message, figures=figures)
    names = ", ".join(f"{_place(one.replica)} ({one.silent_seconds} s)" for one in silent[:5])
    advice = (
        "Look at its process and its log, and start it again; the others serve its people meanwhile. "
        "One that was taken away for good leaves this list after ten minutes."
    )
    return Finding("replicas", "degraded", f"{message} Silent: {names}.", advice, figures=figures)


def _place(replica: str) -> str:
    """Name a replica as a person would: its machine and its process."""
    host, _, rest = replica.partition("|")
    return f"{host.partition('pid:[')[0]}, process {rest.partition('|')[0]}" if rest else replica


def _bridge(bridge: BridgeStatus | None) -> Finding:
    if bridge is None:
        return Finding("mqtt_bridge", "off", "MQTT_BROKER_HOST is empty.")
    figures = {
        "running": float(bridge.running),
        "waiting": float(bridge.waiting),
        "oldest_seconds": round(bridge.oldest_seconds, 1),
        "answered": float(bridge.answered),
        "connects": float(bridge.connects),
        "dropped": float(bridge.dropped),
    }
    if bridge.is_connected and bridge.problem:
        advice = "Let MQTT_USERNAME subscribe to it at the broker ($share/portal/… is its own filter), then restart the portal."
        return Finding("mqtt_bridge", "degraded", bridge.problem, advice, figures=figures)
    if bridge.is_connected:
        return Finding("mqtt_bridge", "ok", f"Connected to {bridge.broker}.", figures=figures)
    if bridge.is_starting:
        return Finding("mqtt_bridge", "starting", f"Connecting to {bridge.broker}.", figures=figures)
    message = bridge.problem or f"{bridge.broker} is not reached."
    advice = "Check the broker, MQTT_BROKER_HOST, MQTT_USERNAME and MQTT_PASSWORD."
    return Finding("mqtt_bridge", "down", message, advice, figures=figures)


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)
