"""JSON that may be stored and sent on (RFC 8259, with the bounds of the library that writes it)."""

from __future__ import annotations

from typing import Any

import orjson


def json_bytes(value: Any, *, is_sorted: bool = False) -> bytes:
    """Write a value as JSON; sorted, the same bytes for the same content.

    Raises:
        ValueError: says in lower case, after an "it", what of the value cannot be written.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if is_sorted else None)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            "it holds a number of more than 64 bits, half of a surrogate pair, or is nested too deeply"
        ) from error
