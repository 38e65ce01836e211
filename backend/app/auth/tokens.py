"""Access tokens (JWT, RFC 7519) and refresh tokens (random, authenticated, single use).

The algorithm is the configured one, never the one that a token names.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from app.auth.errors import ExpiredTokenError, InvalidTokenError
from app.auth.secret import verifying_keys
from app.config import Settings
from app.kit.hashing import digest
from app.kit.ids import is_id, new_id, new_secret

_REQUIRED = ["user_id", "sid", "exp", "iat", "jti"]
_LEEWAY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a genuine access token says."""

    user_id: int
    sign_in_id: str


class TokenMint:
    """Makes and checks both kinds of token with keys derived from the portal's secret."""

    def __init__(self, settings: Settings) -> None:
        self.lifetime = timedelta(minutes=settings.access_token_expire_minutes)
        self._algorithm = settings.algorithm
        self._access_keys = verifying_keys(settings, "access-token")
        self._refresh_keys = verifying_keys(settings, "refresh-token")

    def access_token(self, user_id: int, sign_in_id: str, now: datetime) -> str:
        claims = {
            "user_id": user_id,
            "sid": sign_in_id,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": new_id(),
        }
        return jwt.encode(claims, self._access_keys[0], algorithm=self._algorithm)

    def read_access_token(self, token: str, now: datetime) -> AccessClaims:
        """Check signature, claims and expiry. Raises InvalidTokenError or ExpiredTokenError."""
        claims = self._claims(token)
        user_id, sign_in_id, expires = claims["user_id"], claims["sid"], claims["exp"]
        if (
            type(user_id) is not int
            or type(expires) is not int
            or not (isinstance(sign_in_id, str) and is_id(sign_in_id))
        ):
            raise InvalidTokenError
        if now.timestamp() >= expires + _LEEWAY.total_seconds():
            raise ExpiredTokenError
        return AccessClaims(user_id, sign_in_id)

    def _claims(self, token: str) -> dict[str, Any]:
        options: Options = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False}
        failure: Exception | None = None
        for key in self._access_keys:
            try:
                return jwt.decode(token, key, algorithms=[self._algorithm], options=options)
            except (jwt.PyJWTError, ValueError) as error:
                failure = error
        raise InvalidTokenError from failure

    def refresh_token(self, sign_in_id: str) -> str:
        """Return `sign-in.random.mac`: by the mac a reused token is told from a made-up one."""
        body = f"{sign_in_id}.{new_secret()}"
        return f"{body}.{_mac(self._refresh_keys[0], body)}"

    def sign_in_of(self, refresh_token: str) -> str | None:
        """Return the sign-in that a token of ours belongs to, or None when we never made it."""
        body, _, mac = refresh_token.rpartition(".")
        sign_in_id = body.partition(".")[0]
        if not is_id(sign_in_id) or not refresh_token.isascii():
            return None
        is_ours = any(hmac.compare_digest(mac, _mac(key, body)) for key in self._refresh_keys)
        return sign_in_id if is_ours else None


def _mac(key: bytes, body: str) -> str:
    return hmac.digest(key, body.encode(), "sha256").hex()


def refresh_hash(refresh_token: str) -> str:
    """Return the form under which a refresh token is stored."""
    return digest(refresh_token)
