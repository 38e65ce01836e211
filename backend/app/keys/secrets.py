"""The secret of an API key: how it is made, recognised and hashed."""

from __future__ import annotations

import re
import secrets
import string

from app.kit.hashing import digest

# Letters and digits only: a double click selects the whole key, and log redaction finds all of it.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 43  # 62^43 > 2^256
_SHAPE = re.compile(rf"pp_[A-Za-z0-9]{{{_LENGTH}}}")
_PREFIX_LENGTH = len("pp_") + 6


def new_key() -> str:
    """Return a new `pp_…` key from the operating system's generator."""
    return "pp_" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def looks_like_key(credential: str) -> bool:
    """Tell a key from a JWT by its beginning."""
    return credential.startswith("pp_")


def secret_hash(key: str) -> str | None:
    """Return the hash under which the key is stored, or None when it has not the shape of one."""
    return digest(key) if _SHAPE.fullmatch(key) else None


def visible_prefix(key: str) -> str:
    """Return the part by which a person recognises the key."""
    return key[:_PREFIX_LENGTH]
