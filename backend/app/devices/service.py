"""Devices: make (the secret is shown once), give a new secret, delete. The database is the truth, the broker follows it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from app.audit.service import note
from app.broker.accounts import (
    Account,
    add_commands,
    hash_secret,
    let_in_commands,
    remove_commands,
    shut_off_commands,
)
from app.db.session import Database
from app.devices.access import account_of
from app.devices.errors import DeviceNotFoundError, UnknownProjectError
from app.devices.repository import DeviceRepository
from app.devices.schemas import DeviceCreate, DeviceRead
from app.devices.tables import Device
from app.keys.schemas import MAX_NAME, KeyCreate
from app.keys.service import KeyService
from app.keys.tables import ApiKey
from app.kit.clock import Clock, SystemClock
from app.kit.ids import is_id, new_id

Tell = Callable[[list[dict[str, Any]]], Awaitable[None]]
_KEY_MARK = " (device)"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that look alike: people type these names


async def tell_nobody(_commands: list[dict[str, Any]]) -> None:
    """No broker of the portal's own runs: it reads the devices when it starts."""


class DeviceService:
    """What can be done with devices; `tell` hands commands to the running broker."""

    def __init__(
        self,
        database: Database,
        keys: KeyService,
        projects: list[str],
        tell: Tell = tell_nobody,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._projects = projects
        self._tell = tell
        self._clock = clock or SystemClock()

    async def list(self, user_id: int) -> Sequence[Device]:
        async with self._database.reading() as session:
            return await DeviceRepository(session).of(user_id)

    async def create(self, user_id: int, wish: DeviceCreate) -> tuple[Device, str]:
        """Make a device; returns its row and the secret, which is not stored.

        Raises:
            UnknownProjectError: a project that this portal does not have.
            TooManyKeysError: each device has a key, and the user has too many.
        """
        for project in wish.projects:
            if project not in self._projects:
                raise UnknownProjectError(project, self._projects)
        key_wish = KeyCreate(
            name=key_name(wish.name),
            scopes=["chat"],
            allowed_models=wish.allowed_models,
            requests_per_minute=wish.requests_per_minute,
            tokens_per_minute=wish.tokens_per_minute,
            budget=wish.budget,
        )
        key, secret = await self._keys.create(user_id, key_wish, is_admin=False)
        hashed = hash_secret(secret)
        device = Device(
            id=new_id(),
            user_id=user_id,
            key_id=key.id,
            name=wish.name,
            client=client_name(wish.name),
            projects=sorted(set(wish.projects)),
            salt=hashed.salt,
            password_hash=hashed.password,
            created_at=self._clock.now(),
        )
        async with self._database.transaction() as session:
            await DeviceRepository(session).add(device)
            note(session, "device.create", device.client, projects=device.projects)
        await self._tell(add_commands(account_of(device), secret))
        return device, secret

    async def rotate(self, user_id: int, device_id: str) -> tuple[Device, str]:
        """Give a new secret; the old one ends at once, and so does its connection. Raises DeviceNotFoundError."""
        old = await self._own(user_id, device_id)
        renewed = await self._keys.renew(user_id, old.key_id)
        if renewed is None:  # its key was revoked by itself: the next one has its limits
            limits = await self._limits_of(old.key_id)
            wish = KeyCreate(name=key_name(old.name), scopes=["chat"], **limits)
            renewed = await self._keys.create(user_id, wish, is_admin=False)
        key, secret = renewed
        hashed = hash_secret(secret)
        async with self._database.transaction() as session:
            device = await DeviceRepository(session).own(user_id, device_id)
            if device is None:
                raise DeviceNotFoundError
            device.key_id, device.salt, device.password_hash = key.id, hashed.salt, hashed.password
            note(session, "device.secret", device.client)
        await self._tell(add_commands(account_of(device), secret))
        return device, secret

    async def delete(self, user_id: int, device_id: str) -> None:
        """End a device, its key and its connection at once. Raises DeviceNotFoundError."""
        found = await self._own(user_id, device_id)
        async with self._database.transaction() as session:
            repository = DeviceRepository(session)
            device = await repository.own(user_id, device_id)
            if device is None:
                raise DeviceNotFoundError
            await repository.delete(device)
            note(session, "device.delete", device.client)
        if any(key.id == found.key_id for key in await self._keys.list(user_id)):
            await self._keys.revoke(user_id, found.key_id)
        await self._tell(remove_commands(found.client))

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts of all devices, for the broker's start."""
        async with self._database.reading() as session:
            found = await DeviceRepository(session).all()
        return [replace(account_of(device), is_shut_off=not is_active) for device, is_active in found]

    async def shut_off(self, user_id: int) -> None:
        """End the connections of a person's devices, and let none of them in; who may do that is the caller's check."""
        devices = await self.list(user_id)
        await self._tell([part for device in devices for part in shut_off_commands(device.client)])

    async def let_in(self, user_id: int) -> None:
        """Undo `shut_off`: the devices come back with the secrets that they have."""
        devices = await self.list(user_id)
        await self._tell([part for device in devices for part in let_in_commands(device.client)])

    async def forget(self, clients: Sequence[str]) -> None:
        """End the accounts of devices that are gone with their owner."""
        await self._tell([part for client in clients for part in remove_commands(client)])

    async def account(self, client: str) -> Account | None:
        """Return one device's account; None for a name that is no device's, and while its owner is shut off."""
        async with self._database.reading() as session:
            device = await DeviceRepository(session).by_client(client)
        return None if device is None else account_of(device)

    async def key_id_of(self, client: str) -> str | None:
        """Return the key by which a client of the portal's own broker asks; None for a name that is no device's."""
        async with self._database.reading() as session:
            return await DeviceRepository(session).key_id_of(client)

    async def client_of_key(self, key_id: str) -> str | None:
        """Return the name of the device that has this key; None for a key that is no device's."""
        async with self._database.reading() as session:
            return await DeviceRepository(session).client_of_key(key_id)

    async def _limits_of(self, key_id: str) -> dict[str, Any]:
        async with self._database.reading() as session:
            key = await session.get(ApiKey, key_id)
        return {} if key is None else DeviceRead.limits_of(key)

    async def _own(self, user_id: int, device_id: str) -> Device:
        if not is_id(device_id):
            raise DeviceNotFoundError
        async with self._database.reading() as session:
            device = await DeviceRepository(session).own(user_id, device_id)
        if device is None:
            raise DeviceNotFoundError
        return device


def key_name(name: str) -> str:
    """Return how a device's key is called among its owner's keys, so that nobody takes it for a program's."""
    return f"{name[: MAX_NAME - len(_KEY_MARK)].rstrip()}{_KEY_MARK}"


def client_name(name: str) -> str:
    """Return a name for the broker and the topics: what the person wrote, made plain, and a few random letters."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "device"
    return f"{plain}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"
