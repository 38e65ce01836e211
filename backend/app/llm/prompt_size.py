"""About how long a prompt is, where nobody counted its tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BYTES_PER_TOKEN = 4


def prompt_tokens_of(messages: Sequence[Mapping[str, Any]] | str) -> int:
    """Estimate the tokens of text that nobody counted; an image's data does not count as text."""
    return _text_bytes(messages) // BYTES_PER_TOKEN


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
