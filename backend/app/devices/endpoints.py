"""/api/devices: a person's games, robots and sensors; no key is let in here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from app.auth.deps import SignedInUser
from app.auth.schemas import Done
from app.devices.deps import Devices, Editor, Reader
from app.devices.schemas import (
    DeviceCreate,
    DeviceCreated,
    DeviceList,
    DeviceRead,
    DeviceRequests,
    DeviceUpdate,
)

router = APIRouter(prefix="/api/devices", tags=["devices"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No such device of the caller."}}


@router.get("", summary="List the caller's devices")
async def list_devices(principal: SignedInUser, reader: Reader) -> DeviceList:
    return await reader.list(principal.user.id)


@router.get("/{device_id}/requests", summary="What a device asked last, without any text", responses=_ABSENT)
async def list_requests(device_id: str, principal: SignedInUser, reader: Reader) -> DeviceRequests:
    return await reader.requests(principal.user.id, device_id)


@router.patch(
    "/{device_id}",
    summary="Change a device's name, limits or projects, at once",
    responses={
        **_ABSENT,
        409: {"description": "Its key was revoked: it needs a new secret first."},
        422: {"description": "An unknown project, or a value that cannot be."},
    },
)
async def update_device(
    device_id: str, body: DeviceUpdate, principal: SignedInUser, editor: Editor, reader: Reader
) -> DeviceRead:
    return await reader.one(await editor.update(principal.user.id, device_id, body))


@router.post(
    "",
    status_code=201,
    summary="Make a device; its secret is in this answer only",
    responses={
        403: {"description": "A key was sent; devices are made by people who signed in."},
        409: {"description": "The caller has too many keys: each device has one."},
    },
)
async def create_device(
    body: DeviceCreate, principal: SignedInUser, devices: Devices, reader: Reader, response: Response
) -> DeviceCreated:
    row, secret = await devices.create(principal.user.id, body)
    response.headers["cache-control"] = "no-store"
    return DeviceCreated(**(await reader.one(row)).model_dump(), secret=secret)


@router.post("/{device_id}/secret", summary="Give a new secret; the old one ends at once", responses=_ABSENT)
async def rotate_secret(
    device_id: str, principal: SignedInUser, devices: Devices, reader: Reader, response: Response
) -> DeviceCreated:
    row, secret = await devices.rotate(principal.user.id, device_id)
    response.headers["cache-control"] = "no-store"
    return DeviceCreated(**(await reader.one(row)).model_dump(), secret=secret)


@router.delete("/{device_id}", summary="Delete a device; it is thrown out at once", responses=_ABSENT)
async def delete_device(device_id: str, principal: SignedInUser, devices: Devices) -> Done:
    await devices.delete(principal.user.id, device_id)
    return Done()
