"""From a bearer credential to the caller: one indexed query, or for a key that was just asked for, what it found."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from app.audit.service import actor_var
from app.auth.errors import InvalidTokenError, SignedOutError
from app.auth.key_cache import Found, KeyCache
from app.auth.principal import Principal, scopes_of
from app.auth.repository import SignInRepository
from app.auth.tables import SignIn
from app.auth.tokens import TokenMint
from app.db.session import Database
from app.errors import PortalError
from app.keys.errors import UnknownKeyError
from app.keys.secrets import looks_like_key, secret_hash
from app.keys.service import KeyService, check_key
from app.kit.clock import Clock

logger = logging.getLogger("portal.auth")
_TOUCH_INTERVAL = timedelta(minutes=1)


class Identity:
    """Checks access tokens and API keys."""

    def __init__(
        self, database: Database, mint: TokenMint, keys: KeyService, clock: Clock, key_cache: KeyCache
    ) -> None:
        self._key_cache = key_cache
        self._database = database
        self._mint = mint
        self._keys = keys
        self._clock = clock
        self._noting: set[str] = set()

    async def authenticate(self, credential: str) -> Principal:
        """Return the caller.

        Raises:
            InvalidTokenError, ExpiredTokenError, SignedOutError: of an access token.
            UnknownKeyError, ExpiredKeyError: of an API key.
        """
        is_key = looks_like_key(credential)
        principal = await (self._by_key(credential) if is_key else self._by_token(credential))
        actor_var.set((principal.user.id, principal.user.email))
        return principal

    async def _by_token(self, token: str) -> Principal:
        if token.count(".") != 2:  # as a JWT has them: it is another service's key, or half of one of ours
            raise InvalidTokenError(
                "This is neither an API key of the portal, which begins with pp_, nor an access token. "
                "Make a key on the page, under Keys."
            )
        now = self._clock.now()
        claims = self._mint.read_access_token(token, now)
        async with self._database.reading() as session:
            found = await SignInRepository(session).with_user(claims.sign_in_id)
        if found is None:
            raise SignedOutError
        sign_in, user = found
        if user.id != claims.user_id:
            raise InvalidTokenError
        if sign_in.revoked_at is not None or sign_in.expires_at <= now or not user.is_active:
            raise SignedOutError
        if now - sign_in.last_used_at >= _TOUCH_INTERVAL:
            await self._note_use(sign_in.id, self._touch(sign_in))
        return Principal(user=user, scopes=scopes_of(user), sign_in_id=sign_in.id)

    async def _by_key(self, secret: str) -> Principal:
        hashed = secret_hash(secret)
        if hashed is None:
            raise UnknownKeyError(
                "This is not an API key of the portal. Copy the whole key: it is 46 characters."
            )
        return await self._key_cache.get(hashed, partial(self._read_key, secret, hashed))

    async def _read_key(self, secret: str, hashed: str) -> Found:
        async with self._database.reading() as session:
            found = await SignInRepository(session).key_with_user(hashed)
        row, user = (None, None) if found is None else found
        grant = check_key(secret, row, self._clock.now())
        if row is None or user is None or not user.is_active:
            raise UnknownKeyError
        await self._note_use(row.id, self._keys.touch(row))
        principal = Principal(user=user, scopes=grant.scopes & scopes_of(user), key=grant)
        return Found(principal, row.expires_at)

    async def _touch(self, sign_in: SignIn) -> None:
        async with self._database.transaction() as session:
            await SignInRepository(session).touch(sign_in.id, self._clock.now())

    async def _note_use(self, row_id: str, note: Coroutine[Any, Any, None]) -> None:
        """Write the time of last use: once for a burst of requests, and without failing any of them."""
        if row_id in self._noting:
            note.close()
            return
        self._noting.add(row_id)
        try:
            await note
        except PortalError as error:
            logger.warning("the time of last use was not noted: %s", error.message)
        finally:
            self._noting.discard(row_id)
