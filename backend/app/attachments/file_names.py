"""A file's name, as a stranger gave it, made harmless: no path, no control characters, no turned writing."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from app.attachments.tables import NAME_LENGTH

_NAMELESS = "file"


def clean_name(name: str) -> str:
    """Return the last part of a path without what does not show (Unicode's categories C…: controls, turns of direction)."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in last)
    cleaned = " ".join(shown.split())
    if len(cleaned) > NAME_LENGTH:
        stem, dot, extension = cleaned.rpartition(".")
        kept = NAME_LENGTH - len(extension) - 1
        cleaned = f"{stem[:kept]}.{extension}" if dot and 0 < len(extension) <= 16 else cleaned[:NAME_LENGTH]
    return (cleaned.strip(" .") and cleaned) or _NAMELESS


def content_disposition(name: str, *, is_inline: bool) -> str:
    """Return the header that names a file (RFC 6266); the name is percent-encoded, so that it can end no header."""
    return f"{'inline' if is_inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
