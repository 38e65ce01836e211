"""What the device endpoints ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.auth.deps import Services
from app.devices.service import DeviceService


async def get_devices(request: Request, services: Services) -> DeviceService:
    """Return the service; it tells the running bridge's broker of changes, if the broker is the portal's own."""
    bridge = getattr(request.app.state, "bridge", None)
    options = {"tell": bridge.tell_broker} if bridge is not None and bridge.is_own_broker else {}
    return DeviceService(
        services.database, services.keys, request.app.state.runtime.projects.names, **options
    )


Devices = Annotated[DeviceService, Depends(get_devices)]
