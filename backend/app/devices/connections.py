"""The page's own connections to the broker: a name and a password for an hour, in the name of who signed in."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.broker.accounts import Account, add_commands, hash_secret, remove_commands
from app.db.session import Database
from app.devices.access import account_of_page
from app.devices.service import Tell, client_name, tell_nobody
from app.devices.tables import MqttConnection
from app.kit.clock import Clock, SystemClock
from app.kit.hashing import digest
from app.users.tables import User

LIFETIME = timedelta(hours=1)
_MAX_PER_USER = 20
_PREFIX = "ppm_"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class PageUser:
    """Who is connected, by which name, and until when."""

    user: User
    client: str
    expires_at: datetime


class ConnectionService:
    """Opens and ends connections. `tell` hands commands to the running broker."""

    def __init__(self, database: Database, tell: Tell = tell_nobody, clock: Clock | None = None) -> None:
        self._database = database
        self.tell = tell
        self._clock = clock or SystemClock()

    async def open(self, user_id: int, projects: Sequence[str]) -> tuple[MqttConnection, str]:
        """Make a connection's account; returns its row and its password. Of too many, the oldest ends."""
        secret = _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(43))
        hashed, now = hash_secret(secret), self._clock.now()
        row = MqttConnection(
            client=client_name("page"),
            user_id=user_id,
            secret_hash=digest(secret),
            projects=sorted(projects),
            salt=hashed.salt,
            password_hash=hashed.password,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        async with self._database.transaction() as session:
            surplus = await _beyond(session, user_id, _MAX_PER_USER - 1)
            await _delete(session, surplus)
            session.add(row)
        commands: list[dict[str, Any]] = [part for client in surplus for part in remove_commands(client)]
        await self.tell([*commands, *add_commands(account_of_page(row), secret)])
        return row, secret

    async def end_expired(self) -> None:
        """Throw out whose hour is over."""
        async with self._database.reading() as session:
            query = select(MqttConnection.client).where(MqttConnection.expires_at <= self._clock.now())
            expired = (await session.scalars(query)).all()
        if not expired:
            return
        async with self._database.transaction() as session:
            await _delete(session, expired)
        await self.tell([part for client in expired for part in remove_commands(client)])

    async def end_of(self, user_id: int) -> None:
        """Throw out a person's pages."""
        async with self._database.transaction() as session:
            clients = await _beyond(session, user_id, 0)
            await _delete(session, clients)
        if not clients:
            return
        await self.tell([part for client in clients for part in remove_commands(client)])

    async def clients_of(self, user_id: int) -> Sequence[str]:
        """Return the names of a person's pages."""
        async with self._database.reading() as session:
            return await _beyond(session, user_id, 0)

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts of all that are open, for the broker's start."""
        async with self._database.reading() as session:
            query = select(MqttConnection).where(MqttConnection.expires_at > self._clock.now())
            return [account_of_page(row) for row in (await session.scalars(query)).all()]

    async def account(self, client: str) -> tuple[Account, datetime] | None:
        """Return one open connection's account and when it ends; None for a name that is no page's."""
        async with self._database.reading() as session:
            row = await session.get(MqttConnection, client)
        if row is None or row.expires_at <= self._clock.now():
            return None
        return account_of_page(row), row.expires_at

    async def user_of_secret(self, secret: str) -> PageUser | None:
        """Return who connected with this password, and the connection's name; None for anything else."""
        if not is_connection_secret(secret):
            return None
        return await self._find(MqttConnection.secret_hash == digest(secret))

    async def user_of_client(self, client: str) -> PageUser | None:
        """Return who is connected by this name; None for a name that is no page's."""
        return await self._find(MqttConnection.client == client)

    async def _find(self, condition: Any) -> PageUser | None:
        query = (
            select(User, MqttConnection.client, MqttConnection.expires_at)
            .join(MqttConnection, MqttConnection.user_id == User.id)
            .where(condition, MqttConnection.expires_at > self._clock.now(), User.is_active)
        )
        async with self._database.reading() as session:
            found = (await session.execute(query)).first()
        return None if found is None else PageUser(*found)


def is_connection_secret(secret: str) -> bool:
    """Tell a page's password from an API key by its beginning."""
    return secret.startswith(_PREFIX)


async def _beyond(session: AsyncSession, user_id: int, count: int) -> Sequence[str]:
    query = (
        select(MqttConnection.client)
        .where(MqttConnection.user_id == user_id)
        .order_by(MqttConnection.created_at.desc())
        .offset(count)
    )
    return (await session.scalars(query)).all()


async def _delete(session: AsyncSession, clients: Sequence[str]) -> None:
    if clients:
        await session.execute(delete(MqttConnection).where(MqttConnection.client.in_(clients)))
