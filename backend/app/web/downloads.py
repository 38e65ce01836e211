"""Headers of a file to save: its name comes from a person's text, and no system is led astray by it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_UNSAFE = re.compile(r'[\\/:*?"<>|%]+')
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # Windows' devices
_MAX_CHARS = 80


def attachment(title: str, extension: str) -> dict[str, str]:
    """Return the header that names the file after a title (RFC 6266): in ASCII, and in full for those who read it."""
    name = _file_name(title)
    plain = _NOT_PLAIN.sub("-", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
    plain = plain.strip(" .-") or "conversation"
    if _RESERVED.fullmatch(plain):
        plain = f"{plain}-"
    full = quote(f"{name}.{extension}", safe="")
    return {"content-disposition": f"attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{full}"}


def _file_name(title: str) -> str:
    # categories C…: control characters, and those that turn the direction of writing ("exe" shown as the beginning)
    shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in title)
    name = " ".join(_UNSAFE.sub(" ", shown).split())[:_MAX_CHARS].strip(" .-") or "conversation"
    return f"{name}-" if _RESERVED.fullmatch(name) else name
