"""Changing a device: its name, its limits, and the projects on whose topics it speaks; at once, with the secret it has."""

from __future__ import annotations

from app.audit.service import note
from app.broker.accounts import change_commands, let_in_commands, shut_off_commands
from app.db.session import Database
from app.devices.access import account_of
from app.devices.errors import DeviceKeyRevokedError, DeviceNotFoundError, UnknownProjectError
from app.devices.repository import DeviceRepository
from app.devices.schemas import DeviceUpdate
from app.devices.service import Tell, key_name, tell_nobody
from app.devices.tables import Device
from app.errors import UnprocessableError
from app.keys.errors import KeyNotFoundError
from app.keys.schemas import KeyUpdate
from app.keys.service import KeyService
from app.kit.ids import is_id

_OF_ITS_KEY = {"name", "allowed_models", "requests_per_minute", "tokens_per_minute", "budget"}


class DeviceEditor:
    """`tell` hands commands to the running broker."""

    def __init__(
        self, database: Database, keys: KeyService, projects: list[str], tell: Tell = tell_nobody
    ) -> None:
        self._database = database
        self._keys = keys
        self._projects = projects
        self._tell = tell

    async def update(self, user_id: int, device_id: str, wish: DeviceUpdate) -> Device:
        """Change what is given. Its limits are those of its key.

        Raises:
            DeviceNotFoundError, UnknownProjectError, UnprocessableError: an empty name.
            DeviceKeyRevokedError: its key was revoked by itself; a new secret brings a new one.
        """
        given = wish.model_fields_set
        before = await self._own(user_id, device_id)
        if "name" in given and not wish.name:
            raise UnprocessableError("name: it must not be empty.", details={"field": "name"})
        for project in wish.projects if "projects" in given else []:
            if project not in self._projects and project not in before.projects:
                raise UnknownProjectError(project, self._projects)
        if limits := given & _OF_ITS_KEY:
            new = {name: getattr(wish, name) for name in limits}
            if "name" in new:
                new["name"] = key_name(wish.name)
            change = KeyUpdate(**new)
            try:
                await self._keys.update(user_id, before.key_id, change)
            except KeyNotFoundError as error:
                raise DeviceKeyRevokedError from error
        async with self._database.transaction() as session:
            device = await DeviceRepository(session).own(user_id, device_id)
            if device is None:
                raise DeviceNotFoundError
            if "name" in given:
                device.name = wish.name
            if "projects" in given:
                device.projects = sorted(set(wish.projects))
            note(session, "device.update", device.client, fields=sorted(given))
        if device.projects != before.projects:
            commands = change_commands(account_of(device))
            if set(before.projects) - set(
                device.projects
            ):  # what it listens to already would go on: it comes back without
                commands += [*shut_off_commands(device.client), *let_in_commands(device.client)]
            await self._tell(commands)
        return device

    async def _own(self, user_id: int, device_id: str) -> Device:
        async with self._database.reading() as session:
            device = await DeviceRepository(session).own(user_id, device_id) if is_id(device_id) else None
        if device is None:
            raise DeviceNotFoundError
        return device
