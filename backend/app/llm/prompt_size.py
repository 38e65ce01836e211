"""About how long a prompt is, where nobody counted its tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BYTES_PER_TOKEN = 4
_IMAGE_BYTES = 3000
_TOKEN_BYTES = 4  # of a prompt that is given as tokens
_FRAME_BYTES = 12  # a chat template puts a few tokens around each message


def prompt_tokens_of(messages: Sequence[Mapping[str, Any]] | str) -> int:
    """Estimate the tokens of text that nobody counted; an image's data does not count as text."""
    return _text_bytes(messages) // BYTES_PER_TOKEN


def bytes_to_read(value: Any) -> int:
    """Return about how many bytes of text a model has to read; an image counts for a page of it, whatever its size."""
    if isinstance(value, str):
        if is_data_url(value):
            return _IMAGE_BYTES
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    if isinstance(value, list):
        return sum(map(bytes_to_read, value))
    if isinstance(value, dict):
        return _FRAME_BYTES + sum(map(bytes_to_read, value.values()))
    return _TOKEN_BYTES if isinstance(value, int) else 0


def is_data_url(text: str) -> bool:
    """Whether a text is a file's data; what a person writes may begin alike (a log of server-sent events does)."""
    return text.startswith("data:") and ";base64," in text[:200]


def _text_bytes(value: Any) -> int:
    if isinstance(value, str):
        return 0 if is_data_url(value) else len(value.encode(errors="replace"))
    if isinstance(value, list | tuple):
        return sum(map(_text_bytes, value))
    if isinstance(value, Mapping):
        return sum(map(_text_bytes, value.values()))
    return 0
