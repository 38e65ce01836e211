"""/api/mqtt: where games and devices find the portal."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app.auth.deps import SignedInUser
from app.bridge.bridge import MqttBridge
from app.bridge.schemas import MqttRead

router = APIRouter(prefix="/api/mqtt", tags=["devices"])


@router.get("", summary="Where devices connect, and whether the portal is connected there")
async def read_mqtt(request: Request, _principal: SignedInUser) -> MqttRead:
    bridge: MqttBridge | None = request.app.state.bridge
    if bridge is None:
        return MqttRead(
            status="off",
            message="There is no MQTT broker: set MQTT_BROKER_HOST, or install Mosquitto on the portal's machine.",
        )
    return bridge.describe()
