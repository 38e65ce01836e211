"""What /api/mqtt answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class MqttRead(BaseModel):
    """The broker as the portal sees it; `is_own`: the portal runs it, and devices sign in there by their secret."""

    status: Literal["connected", "disconnected", "off"]
    message: str
    is_own: bool = False
    host: str | None = None
    port: int | None = None
    websocket_port: int | None = None
    projects: list[str] = []
