"""Puts the parts for operators together, once a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import orjson

from app import __version__
from app.admin.components import look_at_all
from app.admin.health import HealthBoard
from app.admin.metrics import Metrics
from app.admin.pulse import Pulse
from app.admin.service import AdminService
from app.admin.severance import Severance
from app.admin.timelines import Timelines
from app.admin.watching import Watching
from app.audit.service import AuditService
from app.auth.runtime import AuthRuntime
from app.bridge.bridge import MqttBridge
from app.chat.runtime import Runtime
from app.devices.connections import ConnectionService
from app.devices.service import DeviceService, tell_nobody
from app.errors import PortalError, render_event
from app.retention.service import Retention
from app.users.service import UserService


@dataclass(frozen=True, slots=True)
class AdminRuntime:
    """What the doors for operators use."""

    service: AdminService
    board: HealthBoard
    watching: Watching
    pulse: Pulse
    timelines: Timelines
    retention: Retention
    replica: str
    currency: str
    metrics: Metrics
    metrics_token: str

    def start(self) -> None:
        self.watching.start()
        self.board.start()
        self.pulse.start()
        self.retention.start()

    async def close(self) -> None:
        await self.watching.close()
        await self.board.close()
        await self.pulse.close()
        await self.retention.close()


def create_admin(
    runtime: Runtime, auth: AuthRuntime, bridge: MqttBridge | None, metrics: Metrics
) -> AdminRuntime:
    """Build it over a running portal; begins to count its turns."""
    settings, status = runtime.settings, bridge.status if bridge is not None else None
    users = UserService(
        runtime.database, min_password_length=settings.password_min_length, clock=runtime.clock
    )
    audit = AuditService(runtime.database, runtime.clock)
    pulse = Pulse(
        runtime.sessions.load,
        runtime.clock,
        runtime.coord.signals,
        runtime.replica.id,
        __version__,
        runtime.sessions.in_flight.all,
    )
    look = partial(look_at_all, runtime, status, pulse.replicas)
    board = HealthBoard(look, runtime.replica.id, runtime.clock)

    async def snapshot() -> bytes:
        return await _snapshot(board, service, pulse)

    watching = Watching(snapshot, _encoded, runtime.coord.signals)
    severance = _severance(runtime, auth, bridge, watching)
    auth.auth.departing = severance.departing
    auth.auth.signed_out = severance.end_pages
    auth.keys.revoked = severance.end_key
    service = AdminService(
        runtime.database,
        users,
        runtime.sessions,
        audit,
        runtime.clock,
        runtime.usage_recorder.flush,
        settings.portal_currency,
        severance,
        pulse.live_asks,
    )
    metrics.on_request = pulse.count_request
    runtime.usage_recorder.observers.append(pulse.count_spent)
    metrics.watch(runtime, status)
    token = settings.metrics_token.get_secret_value()
    return AdminRuntime(
        service=service,
        board=board,
        watching=watching,
        pulse=pulse,
        timelines=Timelines(service.timeline, runtime.clock),
        retention=Retention(runtime.database, settings, runtime.clock),
        replica=runtime.replica.id,
        currency=settings.portal_currency,
        metrics=metrics,
        metrics_token=token,
    )


def _severance(
    runtime: Runtime, auth: AuthRuntime, bridge: MqttBridge | None, watching: Watching
) -> Severance:
    tell = bridge.tell_broker if bridge is not None and bridge.is_own_broker else tell_nobody
    devices = DeviceService(runtime.database, auth.keys, runtime.projects.names, tell, runtime.clock)
    connections = ConnectionService(runtime.database, tell, runtime.clock)
    return Severance(
        runtime.database, runtime.sessions, watching, runtime.session_watch, devices, connections
    )


async def _snapshot(board: HealthBoard, service: AdminService, pulse: Pulse) -> bytes:
    health, live = await board.read(), await service.live()
    newest = pulse.newest
    return orjson.dumps(
        {
            "health": health.model_dump(mode="json"),
            "live": live.model_dump(mode="json")["items"],
            "point": newest.model_dump() if newest is not None else None,
            "replicas": [one.model_dump() for one in pulse.replicas()],
        }
    )


def _encoded(error: PortalError) -> bytes:
    return orjson.dumps(render_event(error, ""))
