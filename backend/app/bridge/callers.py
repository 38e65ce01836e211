"""Who asks over MQTT: an API key of the scope `chat`, a device by its topic, or a page that is connected for an hour."""

from __future__ import annotations

from sqlalchemy import select

from app.auth.errors import MissingScopeError, PasswordChangeRequiredError
from app.auth.identity import Identity
from app.auth.principal import Principal, scopes_of
from app.bridge.tables import BridgeRequest
from app.db.session import Database
from app.devices.connections import ConnectionService, is_connection_secret
from app.devices.service import DeviceService
from app.keys.errors import UnknownKeyError
from app.keys.secrets import looks_like_key
from app.keys.service import grant_of
from app.keys.tables import ApiKey
from app.kit.clock import Clock
from app.users.tables import User


class Callers:
    """Checks keys, and those of stored requests again when they are taken up.

    Args:
        is_guarded: whether the broker keeps each client to its own topics, by accounts that the portal keeps.
    """

    def __init__(
        self,
        identity: Identity,
        database: Database,
        clock: Clock,
        devices: DeviceService,
        connections: ConnectionService,
        *,
        is_guarded: bool,
    ) -> None:
        self._identity = identity
        self._database = database
        self._clock = clock
        self._devices = devices
        self._connections = connections
        self._is_guarded = is_guarded

    async def by_client(self, client: str) -> Principal:
        """Return the caller of a client's topic. Raises PortalError where a topic proves nothing, or nobody has it."""
        if not self._is_guarded:
            raise UnknownKeyError
        key_id = await self._devices.key_id_of(client)
        if key_id is not None:
            return await self.by_key_id(key_id)
        found = await self._connections.user_of_client(client)
        if found is None:
            raise UnknownKeyError
        return _as_person(found[0])

    async def by_secret(self, secret: str) -> Principal:
        """Return the caller of a key or of a page's password. Raises PortalError for what is unknown or may not chat."""
        if is_connection_secret(secret) and (found := await self._connections.user_of_secret(secret)):
            return _as_person(found[0])
        if not looks_like_key(secret):
            raise UnknownKeyError
        return _may_chat(await self._identity.authenticate(secret))

    async def client_of(self, principal: Principal, secret: str) -> str | None:
        """Return the client under whose `pp/v1/{client}/res/` a caller listens; None for a key that is no device's."""
        if principal.key is not None:
            return await self._devices.client_of_key(principal.key.id)
        found = await self._connections.user_of_secret(secret)
        return None if found is None else found[1]

    async def of_row(self, row: BridgeRequest) -> Principal:
        """Return the caller of a request that was stored. Raises PortalError when they may not ask any more."""
        if row.key_id:
            return await self.by_key_id(row.key_id)
        async with self._database.reading() as session:
            user = await session.get(User, row.user_id)
        if user is None or not user.is_active:
            raise UnknownKeyError
        return _as_person(user)

    async def by_key_id(self, key_id: str) -> Principal:
        """Return a key's caller. Raises PortalError when the key has ended."""
        async with self._database.reading() as session:
            query = select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.id == key_id)
            found = (await session.execute(query)).first()
        if found is None:
            raise UnknownKeyError
        key, user = found[0], found[1]
        has_expired = key.expires_at is not None and key.expires_at <= self._clock.now()
        if key.revoked_at is not None or has_expired or not user.is_active:
            raise UnknownKeyError
        grant = grant_of(key)
        return _may_chat(Principal(user=user, scopes=grant.scopes & scopes_of(user), key=grant))


def _as_person(user: User) -> Principal:
    return _may_chat(Principal(user=user, scopes=scopes_of(user)))


def _may_chat(principal: Principal) -> Principal:
    if principal.user.must_change_password:
        raise PasswordChangeRequiredError
    if "chat" not in principal.scopes:
        raise MissingScopeError("chat")
    return principal
