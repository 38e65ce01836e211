"""Hashing of secrets that are random already (keys, tokens); passwords are hashed in `users`."""

from __future__ import annotations

import hashlib
import hmac


def digest(secret: str) -> str:
    """Return the SHA-256 of a high-entropy secret as 64 hex digits, for storage and look-up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_equal(left: str, right: str) -> bool:
    """Compare two strings in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
