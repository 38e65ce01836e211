"""/api/mqtt: where games and devices find the portal, and the page's own connection; /mqtt: MQTT over WebSocket."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response, WebSocket

from app.auth.deps import SignedInUser
from app.bridge.bridge import MqttBridge
from app.bridge.errors import MqttOffError
from app.bridge.schemas import ConnectionRead, MqttRead, topics_of
from app.bridge.websocket import PATH

router = APIRouter(prefix="/api/mqtt", tags=["devices"])
websocket_router = APIRouter()

_REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"description": "There is no broker, or the portal does not keep its accounts."},
    503: {"description": "The broker does not answer."},
}


@router.get("", summary="Where devices connect, and whether the portal is connected there")
async def read_mqtt(request: Request, _principal: SignedInUser) -> MqttRead:
    bridge: MqttBridge | None = request.app.state.bridge
    if bridge is None:
        return MqttRead(
            status="off",
            message="There is no MQTT broker: set MQTT_BROKER_HOST, or install Mosquitto on the portal's machine.",
        )
    return bridge.describe(request.url.hostname or "")


@router.post(
    "/connection",
    status_code=201,
    summary="Connect a page to the broker for an hour; its password is in this answer only",
    responses=_REFUSALS,
)
async def open_connection(request: Request, principal: SignedInUser, response: Response) -> ConnectionRead:
    bridge: MqttBridge | None = request.app.state.bridge
    if bridge is None:
        raise MqttOffError
    row, password = await bridge.open_connection(principal.user.id)
    response.headers["cache-control"] = "no-store"
    topics = topics_of(row.client, row.projects)
    return ConnectionRead(
        url=PATH,
        protocol_version=5 if bridge.broker.profile.is_mqtt5 else 4,
        client_id=row.client,
        username=row.client,
        password=password,
        expires_at=row.expires_at,
        topics=topics,
    )


@websocket_router.websocket(PATH)
async def mqtt_websocket(websocket: WebSocket) -> None:
    bridge: MqttBridge | None = websocket.app.state.bridge
    if bridge is None:
        await websocket.close(1013)
        return
    await bridge.websockets.carry(websocket)
