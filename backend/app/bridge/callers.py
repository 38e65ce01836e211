"""Who asks over MQTT: an API key of the scope `chat`, a device by its topic, or a page that is connected for an hour."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select

from app.auth.errors import MissingScopeError, PasswordChangeRequiredError
from app.auth.key_cache import Found
from app.auth.principal import Principal, scopes_of
from app.auth.runtime import AuthRuntime
from app.bridge.tables import BridgeRequest
from app.devices.connections import ConnectionService, PageUser, is_connection_secret
from app.devices.service import DeviceService
from app.keys.errors import UnknownKeyError
from app.keys.secrets import looks_like_key
from app.keys.service import grant_of
from app.keys.tables import ApiKey
from app.kit.clock import Clock
from app.kit.hashing import digest
from app.users.tables import User


class Callers:
    """Checks keys, and those of stored requests again when they are taken up.

    Args:
        is_guarded: whether the broker keeps each client to its own topics, by accounts that the portal keeps.
    """

    def __init__(
        self,
        auth: AuthRuntime,
        clock: Clock,
        devices: DeviceService,
        connections: ConnectionService,
        *,
        is_guarded: bool,
    ) -> None:
        self._identity = auth.identity
        self._cache = auth.key_cache
        self._database = auth.database
        for table in ("devices", "mqtt_connections"):
            self._database.on_written(table, self._cache.forget)
        self._clock = clock
        self._devices = devices
        self._connections = connections
        self._is_guarded = is_guarded

    async def by_client(self, client: str) -> Principal:
        """Return the caller of a client's topic. Raises PortalError where a topic proves nothing, or nobody has it."""
        if not self._is_guarded:
            raise UnknownKeyError
        return await self._cache.get(f"mqtt:{client}", partial(self._read_client, client))

    async def by_secret(self, secret: str) -> Principal:
        """Return the caller of a key or of a page's password. Raises PortalError for what is unknown or may not chat."""
        if is_connection_secret(secret):
            return await self._cache.get(f"mqtt:{digest(secret)}", partial(self._read_page, secret))
        if not looks_like_key(secret):
            raise UnknownKeyError
        return _may_chat(await self._identity.authenticate(secret))

    async def client_of(self, principal: Principal, secret: str) -> str | None:
        """Return the client under whose `pp/v1/{client}/res/` a caller listens; None for a key that is no device's."""
        if principal.key is not None:
            return await self._devices.client_of_key(principal.key.id)
        found = await self._connections.user_of_secret(secret)
        return None if found is None else found.client

    async def of_row(self, row: BridgeRequest) -> Principal:
        """Return the caller of a request that was stored. Raises PortalError when they may not ask any more."""
        if row.key_id:
            return (await self._read_key(row.key_id)).principal
        async with self._database.reading() as session:
            user = await session.get(User, row.user_id)
        if user is None or not user.is_active:
            raise UnknownKeyError
        return _as_person(user)

    async def _read_client(self, client: str) -> Found:
        key_id = await self._devices.key_id_of(client)
        if key_id is not None:
            return await self._read_key(key_id)
        return _as_page(await self._connections.user_of_client(client))

    async def _read_page(self, secret: str) -> Found:
        return _as_page(await self._connections.user_of_secret(secret))

    async def _read_key(self, key_id: str) -> Found:
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
        principal = Principal(user=user, scopes=grant.scopes & scopes_of(user), key=grant)
        return Found(_may_chat(principal), key.expires_at)


def _as_page(page: PageUser | None) -> Found:
    if page is None:
        raise UnknownKeyError
    return Found(_as_person(page.user), page.expires_at)


def _as_person(user: User) -> Principal:
    return _may_chat(Principal(user=user, scopes=scopes_of(user)))


def _may_chat(principal: Principal) -> Principal:
    if principal.user.must_change_password:
        raise PasswordChangeRequiredError
    if "chat" not in principal.scopes:
        raise MissingScopeError("chat")
    return principal
