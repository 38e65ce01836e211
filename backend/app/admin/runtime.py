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
from app.admin.timelines import Timelines
from app.admin.watching import Watching
from app.audit.service import AuditService
from app.bridge.status import BridgeStatus
from app.chat.runtime import Runtime
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
        self.board.start()
        self.pulse.start()
        self.retention.start()

    async def close(self) -> None:
        await self.watching.close()
        await self.board.close()
        await self.pulse.close()
        await self.retention.close()


def create_admin(runtime: Runtime, bridge: BridgeStatus | None, metrics: Metrics) -> AdminRuntime:
    """Build it over a running portal; begins to count its turns."""
    settings = runtime.settings
    users = UserService(
        runtime.database, min_password_length=settings.password_min_length, clock=runtime.clock
    )
    audit = AuditService(runtime.database, runtime.clock)
    service = AdminService(
        runtime.database,
        users,
        runtime.sessions,
        audit,
        runtime.clock,
        runtime.usage_recorder.flush,
        settings.portal_currency,
    )
    pulse = Pulse(
        runtime.sessions.load, runtime.clock, runtime.coord.signals, runtime.replica.id, __version__
    )
    look = partial(look_at_all, runtime, bridge, pulse.replicas)
    board = HealthBoard(look, runtime.replica.id, runtime.clock)
    metrics.on_request = pulse.count_request
    runtime.usage_recorder.observers.append(pulse.count_spent)

    async def snapshot() -> bytes:
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

    metrics.watch(runtime, bridge)
    token = settings.metrics_token.get_secret_value()
    return AdminRuntime(
        service=service,
        board=board,
        watching=Watching(snapshot, _encoded),
        pulse=pulse,
        timelines=Timelines(service.timeline, runtime.clock),
        retention=Retention(runtime.database, settings, runtime.clock),
        replica=runtime.replica.id,
        currency=settings.portal_currency,
        metrics=metrics,
        metrics_token=token,
    )


def _encoded(error: PortalError) -> bytes:
    return orjson.dumps(render_event(error, ""))
