"""API keys: make (shown once), list, revoke, check.

A key never makes, lists or deletes keys: those routes take a person's sign-in only, so no key can mint a stronger one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.audit.service import note
from app.db.session import Database
from app.errors import UnprocessableError
from app.keys.errors import (
    ExpiredKeyError,
    KeyNotFoundError,
    ScopeNotYoursError,
    TooManyKeysError,
    UnknownKeyError,
)
from app.keys.repository import KeyRepository
from app.keys.schemas import KeyCreate, KeyUpdate
from app.keys.secrets import new_key, secret_hash, visible_prefix
from app.keys.tables import ApiKey
from app.kit.clock import Clock, SystemClock
from app.kit.hashing import is_equal
from app.kit.ids import is_id, new_id
from app.limits.subjects import Period, Subject, subject_of

MAX_KEYS_PER_USER = 100
_TOUCH_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What a key that was checked allows; `None` means no limit."""

    id: str
    scopes: frozenset[str]
    allowed_models: tuple[str, ...] | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: Mapping[Period, int] | None = None

    @property
    def subject(self) -> Subject | None:
        """The key as one that is limited; None when it is not."""
        return subject_of("key", self.id, self)


Revoked = Callable[[str], Awaitable[None]]
"""Ends what runs for a key."""


async def _nothing_runs(key_id: str) -> None:
    pass


class KeyService:
    """What can be done with keys; every method is its own short transaction."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self.revoked: Revoked = _nothing_runs

    async def list(self, user_id: int) -> Sequence[ApiKey]:
        async with self._database.reading() as session:
            return await KeyRepository(session).living(user_id)

    async def create(self, user_id: int, wish: KeyCreate, *, is_admin: bool) -> tuple[ApiKey, str]:
        """Make a key; returns its row and the secret, which is not stored.

        Raises:
            ScopeNotYoursError: `admin` asked for by somebody who is none.
            TooManyKeysError: MAX_KEYS_PER_USER living keys.
            UnprocessableError: it would expire in the past.
        """
        now = self._clock.now()
        if "admin" in wish.scopes and not is_admin:
            raise ScopeNotYoursError("admin")
        _check_expiry(wish.expires_at, now)
        secret = new_key()
        row = _row(user_id, wish, secret, now)
        async with self._database.transaction() as session:
            repository = KeyRepository(session)
            if await repository.count_living(user_id) >= MAX_KEYS_PER_USER:
                raise TooManyKeysError(MAX_KEYS_PER_USER)
            await repository.add(row)
            note(session, "key.create", _named(row), scopes=row.scopes)
        return row, secret

    async def update(self, user_id: int, key_id: str, wish: KeyUpdate) -> ApiKey:
        """Change a living key's name and limits, at once and everywhere.

        Raises KeyNotFoundError, UnprocessableError.
        """
        given = wish.model_fields_set
        if "name" in given and not wish.name:
            raise UnprocessableError("name: it must not be empty.", details={"field": "name"})
        if "expires_at" in given:
            _check_expiry(wish.expires_at, self._clock.now())
        async with self._database.transaction() as session:
            row = await KeyRepository(session).get(key_id) if is_id(key_id) else None
            if row is None or row.user_id != user_id or row.revoked_at is not None:
                raise KeyNotFoundError
            for name in given - {"budget"}:
                setattr(row, name, getattr(wish, name))
            if "budget" in given:
                row.budget = wish.budget.stored() if wish.budget is not None else None
            note(session, "key.update", _named(row), fields=sorted(given))
        return row

    async def renew(self, user_id: int, key_id: str) -> tuple[ApiKey, str] | None:
        """Give a living key a new secret, which is returned; its limits and what it has spent stay. None without one."""
        secret = new_key()
        hashed = secret_hash(secret)
        assert hashed is not None
        async with self._database.transaction() as session:
            row = await KeyRepository(session).get(key_id)
            if row is None or row.user_id != user_id or row.revoked_at is not None:
                return None
            row.secret_hash, row.prefix = hashed, visible_prefix(secret)
        return row, secret

    async def revoke(self, user_id: int, key_id: str) -> None:
        """Revoke at once, for every replica, and end what runs for it. Raises KeyNotFoundError, also for other people's keys."""
        if not is_id(key_id):
            raise KeyNotFoundError
        async with self._database.transaction() as session:
            repository = KeyRepository(session)
            if not await repository.revoke(user_id, key_id, self._clock.now()):
                raise KeyNotFoundError
            note(session, "key.revoke", _named(await repository.get(key_id)))
        await self.revoked(key_id)

    async def touch(self, row: ApiKey) -> None:
        """Note that the key was used, at most once a minute."""
        now = self._clock.now()
        if row.last_used_at is not None and now - row.last_used_at < _TOUCH_INTERVAL:
            return
        async with self._database.transaction() as session:
            await KeyRepository(session).touch(row.id, now)


def check_key(secret: str, row: ApiKey | None, now: datetime) -> KeyGrant:
    """Return what the key allows. Raises UnknownKeyError or ExpiredKeyError."""
    expected = secret_hash(secret)
    if row is None or expected is None or not is_equal(row.secret_hash, expected):
        raise UnknownKeyError
    if row.revoked_at is not None:
        raise UnknownKeyError
    if row.expires_at is not None and row.expires_at <= now:
        raise ExpiredKeyError
    return grant_of(row)


def grant_of(row: ApiKey) -> KeyGrant:
    """Return what a living key allows."""
    return KeyGrant(
        id=row.id,
        scopes=frozenset(row.scopes),
        allowed_models=None if row.allowed_models is None else tuple(row.allowed_models),
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        budget=row.budget,
    )


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise UnprocessableError("expires_at: must be in the future.", details={"field": "expires_at"})


def _named(row: ApiKey | None) -> str:
    return f"{row.name} ({row.prefix}…)" if row is not None else ""


def _row(user_id: int, wish: KeyCreate, secret: str, now: datetime) -> ApiKey:
    hashed = secret_hash(secret)
    assert hashed is not None
    return ApiKey(
        id=new_id(),
        user_id=user_id,
        name=wish.name,
        prefix=visible_prefix(secret),
        secret_hash=hashed,
        scopes=sorted(set(wish.scopes)),
        allowed_models=wish.allowed_models,
        requests_per_minute=wish.requests_per_minute,
        tokens_per_minute=wish.tokens_per_minute,
        budget=wish.budget.stored() if wish.budget is not None else None,
        created_at=now,
        expires_at=wish.expires_at,
    )
