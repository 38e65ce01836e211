"""What is shown of devices: their limits, whether they are there, and what they asked last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from app.db.session import Database
from app.devices.errors import DeviceNotFoundError
from app.devices.presence import DevicePresence
from app.devices.repository import DeviceRepository
from app.devices.schemas import (
    DeviceList,
    DeviceRead,
    DeviceRequest,
    DeviceRequests,
    PresenceRead,
    Spent,
)
from app.devices.spending import spent_of
from app.devices.tables import Device
from app.keys.tables import ApiKey
from app.kit.clock import Clock
from app.kit.ids import is_id
from app.llm.money import to_money
from app.usage.tables import UsageRow

_SHOWN = 20
_LOOK_BACK = timedelta(days=30)


class DeviceReader:
    """Reads for the page. `presence` is None where this process hears no broker."""

    def __init__(
        self, database: Database, clock: Clock, presence: DevicePresence | None, currency: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._presence = presence
        self._currency = currency

    async def list(self, user_id: int) -> DeviceList:
        """Return a person's devices, newest first."""
        async with self._database.reading() as session:
            devices = await DeviceRepository(session).of(user_id)
            asked = select(UsageRow.device, func.max(UsageRow.created_at)).where(
                UsageRow.user_id == user_id,
                UsageRow.device.is_not(None),
                UsageRow.created_at > self._clock.now() - _LOOK_BACK,
            )
            rows = await session.execute(asked.group_by(UsageRow.device))
            last = {row[0]: row[1] for row in rows}
            own_keys = select(ApiKey).where(ApiKey.id.in_([device.key_id for device in devices]))
            key_of = {key.id: key for key in await session.scalars(own_keys)}
            spent = await spent_of(session, [*key_of.values()], self._clock.now())
        items = [
            self._read(device, key_of.get(device.key_id), spent.get(device.key_id)) for device in devices
        ]
        return DeviceList(
            items=[item.model_copy(update={"last_request_at": last.get(item.client)}) for item in items],
            currency=self._currency,
        )

    async def one(self, device: Device) -> DeviceRead:
        """Return a device that was just made or changed."""
        async with self._database.reading() as session:
            key = await session.get(ApiKey, device.key_id)
            spent = await spent_of(session, [] if key is None else [key], self._clock.now())
        return self._read(device, key, spent.get(device.key_id))

    async def requests(self, user_id: int, device_id: str) -> DeviceRequests:
        """Return what a device asked last. Raises DeviceNotFoundError."""
        async with self._database.reading() as session:
            device = await DeviceRepository(session).own(user_id, device_id) if is_id(device_id) else None
            if device is None:
                raise DeviceNotFoundError
            query = select(UsageRow).where(
                UsageRow.user_id == user_id,
                UsageRow.device == device.client,
                UsageRow.created_at > self._clock.now() - _LOOK_BACK,
            )
            rows = await session.scalars(query.order_by(UsageRow.created_at.desc()).limit(_SHOWN))
            return DeviceRequests(items=_requests(rows.all()), currency=self._currency)

    def _read(self, device: Device, key: ApiKey | None, spent: Spent | None) -> DeviceRead:
        said = self._presence.of(device.client) if self._presence is not None else None
        return DeviceRead.model_validate(device).model_copy(
            update={
                **({} if key is None else DeviceRead.limits_of(key)),
                "spent": spent,
                "is_key_revoked": key is None or key.revoked_at is not None,
                "presence": None if said is None else PresenceRead(state=said.state, since=said.since),
            }
        )


def _requests(rows: Sequence[UsageRow]) -> list[DeviceRequest]:
    return [
        DeviceRequest(
            created_at=row.created_at,
            door=row.door,
            operation=row.operation,
            model=row.model,
            status=row.status,
            error_code=row.error_code,
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            cost=to_money(row.cost_nanos),
            total_ms=row.total_ms,
        )
        for row in rows
    ]
