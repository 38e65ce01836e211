"""Puts the services of users, keys and sign-ins together, once a process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.auth.identity import Identity
from app.auth.key_cache import KeyCache
from app.auth.service import AuthService
from app.auth.throttle import AttemptThrottle
from app.auth.tokens import TokenMint
from app.config import Settings
from app.coord.base import Coord
from app.db.session import Database
from app.keys.service import KeyService
from app.kit.clock import Clock, SystemClock
from app.limits.rates import RateLimits
from app.users.service import UserService


@dataclass(frozen=True, slots=True)
class AuthRuntime:
    """What the dependencies hand out."""

    settings: Settings
    database: Database
    users: UserService
    keys: KeyService
    limits: RateLimits
    throttle: AttemptThrottle
    auth: AuthService
    identity: Identity
    key_cache: KeyCache


def create_auth_runtime(
    settings: Settings, database: Database, coord: Coord, clock: Clock | None = None
) -> AuthRuntime:
    """Build the services; reads (or makes) the secret in the data folder when SECRET_KEY is empty."""
    clock = clock or SystemClock()
    mint = TokenMint(settings)
    users = UserService(database, min_password_length=settings.password_min_length, clock=clock)
    keys = KeyService(database, clock)
    throttle = AttemptThrottle(coord.rates)
    key_cache = KeyCache(coord.signals, clock)
    for table in ("users", "api_keys"):
        database.on_written(table, key_cache.forget)
    idle_lifetime = timedelta(days=settings.refresh_token_expire_days)
    auth = AuthService(database, users, mint, throttle, idle_lifetime=idle_lifetime, clock=clock)
    return AuthRuntime(
        settings=settings,
        database=database,
        users=users,
        keys=keys,
        limits=RateLimits(coord.rates),
        throttle=throttle,
        auth=auth,
        identity=Identity(database, mint, keys, clock, key_cache),
        key_cache=key_cache,
    )
