"""Rows of devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.devices.tables import Device
from app.users.tables import User


class DeviceRepository:
    """Look-ups and writes in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, user_id: int) -> Sequence[Device]:
        query = select(Device).where(Device.user_id == user_id).order_by(Device.id.desc())
        return (await self._session.scalars(query)).all()

    async def all(self) -> Sequence[tuple[Device, bool]]:
        """Return every device, and whether its owner's account is in use."""
        query = select(Device, User.is_active).join(User, User.id == Device.user_id).order_by(Device.id)
        return [(device, is_active) for device, is_active in await self._session.execute(query)]

    async def own(self, user_id: int, device_id: str) -> Device | None:
        query = select(Device).where(Device.id == device_id, Device.user_id == user_id)
        found: Device | None = await self._session.scalar(query)
        return found

    async def by_client(self, client: str) -> Device | None:
        """Return a device by its name at the broker; None also while its owner's account is shut off."""
        query = select(Device).join(User, User.id == Device.user_id)
        found: Device | None = await self._session.scalar(
            query.where(Device.client == client, User.is_active)
        )
        return found

    async def key_id_of(self, client: str) -> str | None:
        found: str | None = await self._session.scalar(select(Device.key_id).where(Device.client == client))
        return found

    async def client_of_key(self, key_id: str) -> str | None:
        found: str | None = await self._session.scalar(select(Device.client).where(Device.key_id == key_id))
        return found

    async def clients_of(self, key_ids: Collection[str]) -> dict[str, str]:
        """Return the devices that ask by some keys, by key."""
        if not key_ids:
            return {}
        query = select(Device.key_id, Device.client).where(Device.key_id.in_(key_ids))
        return {row.key_id: row.client for row in await self._session.execute(query)}

    async def add(self, device: Device) -> None:
        self._session.add(device)
        await self._session.flush()

    async def delete(self, device: Device) -> None:
        await self._session.delete(device)
