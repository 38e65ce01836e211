"""What the device endpoints ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.auth.deps import Services
from app.devices.changing import DeviceEditor
from app.devices.reading import DeviceReader
from app.devices.service import DeviceService


async def get_devices(request: Request, services: Services) -> DeviceService:
    """Return the service; it tells the running bridge's broker of changes, if the broker is the portal's own."""
    bridge = getattr(request.app.state, "bridge", None)
    options = {"tell": bridge.tell_broker} if bridge is not None and bridge.is_own_broker else {}
    return DeviceService(
        services.database, services.keys, request.app.state.runtime.projects.names, **options
    )


async def get_editor(request: Request, services: Services) -> DeviceEditor:
    """Return the service that changes devices, with the same ear at the broker."""
    bridge = getattr(request.app.state, "bridge", None)
    options = {"tell": bridge.tell_broker} if bridge is not None and bridge.is_own_broker else {}
    projects = request.app.state.runtime.projects.names
    return DeviceEditor(services.database, services.keys, projects, **options)


async def get_reader(request: Request, services: Services) -> DeviceReader:
    """Return what reads devices for the page."""
    runtime, bridge = request.app.state.runtime, getattr(request.app.state, "bridge", None)
    presence = bridge.presence_of_devices if bridge is not None else None
    return DeviceReader(services.database, runtime.clock, presence, runtime.settings.portal_currency)


Devices = Annotated[DeviceService, Depends(get_devices)]
Editor = Annotated[DeviceEditor, Depends(get_editor)]
Reader = Annotated[DeviceReader, Depends(get_reader)]
