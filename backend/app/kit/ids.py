"""Identifiers: time-sortable ids for rows, unguessable tokens for secrets."""

from __future__ import annotations

import os
import re
import secrets
import time

_SHAPE = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a UUIDv7 as 32 hex digits (RFC 9562, section 5.7): sortable by creation time to the millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random_bits >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_bits & ((1 << 62) - 1)
    return f"{value:032x}"


def is_id(text: str) -> bool:
    """Tell whether `new_id` could have made it; what a stranger typed need not reach the database."""
    return _SHAPE.fullmatch(text) is not None


def new_secret(bytes_of_entropy: int = 32) -> str:
    """Return a URL-safe random token from the operating system's generator."""
    return secrets.token_urlsafe(bytes_of_entropy)
