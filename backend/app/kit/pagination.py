"""Opaque cursors for keyset pagination."""

from __future__ import annotations

import base64
import binascii
import json


class BadCursorError(ValueError):
    """The cursor was not one that this portal made."""


def encode_cursor(*parts: str | int) -> str:
    """Pack the last row's sort keys into an opaque, URL-safe string."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[str | int]:
    """Unpack a cursor into values of the given kinds; raises BadCursorError when they do not fit."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (binascii.Error, ValueError, UnicodeError) as error:
        raise BadCursorError("the cursor is not one of this portal's") from error
    fits = isinstance(parts, list) and len(parts) == len(kinds)
    if not fits or any(type(part) is not kind for part, kind in zip(parts, kinds, strict=True)):
        raise BadCursorError("the cursor is not one of this portal's")
    return list(parts)
