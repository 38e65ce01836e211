"""/api/devices: a person's games, robots and sensors; no key is let in here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from app.auth.deps import SignedInUser
from app.auth.schemas import Done
from app.devices.deps import Devices
from app.devices.schemas import DeviceCreate, DeviceCreated, DeviceList, DeviceRead

router = APIRouter(prefix="/api/devices", tags=["devices"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No such device of the caller."}}


@router.get("", summary="List the caller's devices")
async def list_devices(principal: SignedInUser, devices: Devices) -> DeviceList:
    rows = await devices.list(principal.user.id)
    return DeviceList(items=[DeviceRead.model_validate(row) for row in rows])


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
    body: DeviceCreate, principal: SignedInUser, devices: Devices, response: Response
) -> DeviceCreated:
    row, secret = await devices.create(principal.user.id, body)
    response.headers["cache-control"] = "no-store"
    return DeviceCreated(**DeviceRead.model_validate(row).model_dump(), secret=secret)


@router.post("/{device_id}/secret", summary="Give a new secret; the old one ends at once", responses=_ABSENT)
async def rotate_secret(
    device_id: str, principal: SignedInUser, devices: Devices, response: Response
) -> DeviceCreated:
    row, secret = await devices.rotate(principal.user.id, device_id)
    response.headers["cache-control"] = "no-store"
    return DeviceCreated(**DeviceRead.model_validate(row).model_dump(), secret=secret)


@router.delete("/{device_id}", summary="Delete a device; it is thrown out at once", responses=_ABSENT)
async def delete_device(device_id: str, principal: SignedInUser, devices: Devices) -> Done:
    await devices.delete(principal.user.id, device_id)
    return Done()
