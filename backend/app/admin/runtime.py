"""Puts the parts for operators together, once a process."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from app.admin.components import look_at_all
from app.admin.health import HealthBoard
from app.admin.metrics import Metrics
from app.admin.service import AdminService
from app.admin.watching import Watching
from app.audit.service import AuditService
from app.bridge.status import BridgeStatus
from app.chat.runtime import Runtime
from app.errors import PortalError, render_event
from app.users.service import UserService


@dataclass(frozen=True, slots=True)
class AdminRuntime:
    """What the doors for operators use."""

    service: AdminService
    board: HealthBoard
    watching: Watching
    metrics: Metrics
    metrics_token: str


def create_admin(runtime: Runtime, bridge: BridgeStatus | None, metrics: Metrics) -> AdminRuntime:
    """Build it over a running portal; begins to count its turns."""
    settings = runtime.settings
    users = UserService(
        runtime.database, min_password_length=settings.password_min_length, clock=runtime.clock
    )
    audit = AuditService(runtime.database, runtime.clock)
    service = AdminService(runtime.database, users, runtime.sessions, audit, runtime.clock)
    board = HealthBoard(lambda: look_at_all(runtime, bridge), runtime.replica.id, runtime.clock)

    async def snapshot() -> bytes:
        health, live = await board.read(), await service.live()
        return orjson.dumps(
            {"health": health.model_dump(mode="json"), "live": live.model_dump(mode="json")["items"]}
        )

    metrics.watch(runtime, bridge)
    token = settings.metrics_token.get_secret_value()
    return AdminRuntime(service, board, Watching(snapshot, _encoded), metrics, token)


def _encoded(error: PortalError) -> bytes:
    return orjson.dumps(render_event(error, ""))
