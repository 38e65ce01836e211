"""Who asks over MQTT: always an API key of the scope `chat`, named by the request or by the device's topic."""

from __future__ import annotations

from sqlalchemy import select

from app.auth.errors import MissingScopeError, PasswordChangeRequiredError
from app.auth.identity import Identity
from app.auth.principal import Principal, scopes_of
from app.db.session import Database
from app.devices.service import DeviceService
from app.keys.errors import UnknownKeyError
from app.keys.secrets import looks_like_key
from app.keys.service import KeyGrant
from app.keys.tables import ApiKey
from app.kit.clock import Clock
from app.users.tables import User


class Callers:
    """Checks keys, and those of stored requests again when they are taken up.

    Args:
        devices: given on the portal's own broker only, whose accounts keep each device to its own topics.
    """

    def __init__(
        self, identity: Identity, database: Database, clock: Clock, devices: DeviceService | None = None
    ) -> None:
        self._identity = identity
        self._database = database
        self._clock = clock
        self._devices = devices

    async def by_client(self, client: str) -> Principal:
        """Return the caller of a device's topic. Raises PortalError where a topic proves nothing, or no device has it."""
        key_id = await self._devices.key_id_of(client) if self._devices is not None else None
        if key_id is None:
            raise UnknownKeyError
        return await self.by_key_id(key_id)

    async def by_secret(self, secret: str) -> Principal:
        """Return the key's caller. Raises PortalError for a key that is unknown, expired or may not chat."""
        if not looks_like_key(secret):
            raise UnknownKeyError
        return _may_chat(await self._identity.authenticate(secret))

    async def by_key_id(self, key_id: str) -> Principal:
        """Return the caller of a request that was stored. Raises PortalError when the key has ended since."""
        async with self._database.reading() as session:
            query = select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.id == key_id)
            found = (await session.execute(query)).first()
        if found is None:
            raise UnknownKeyError
        key, user = found[0], found[1]
        has_expired = key.expires_at is not None and key.expires_at <= self._clock.now()
        if key.revoked_at is not None or has_expired or not user.is_active:
            raise UnknownKeyError
        models = None if key.allowed_models is None else tuple(key.allowed_models)
        scopes = frozenset(key.scopes)
        grant = KeyGrant(key.id, scopes, models, key.requests_per_minute, key.tokens_per_minute)
        return _may_chat(Principal(user=user, scopes=scopes & scopes_of(user), key=grant))


def _may_chat(principal: Principal) -> Principal:
    if principal.user.must_change_password:
        raise PasswordChangeRequiredError
    if "chat" not in principal.scopes:
        raise MissingScopeError("chat")
    return principal
