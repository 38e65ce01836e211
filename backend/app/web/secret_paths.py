"""Paths whose last part is a secret: links to shared conversations. They are not logged, indexed or cached."""

from __future__ import annotations

SECRET_PREFIXES = ("/s/", "/api/shared/")


def is_secret(path: str) -> bool:
    return path.startswith(SECRET_PREFIXES)


def loggable(path: str) -> str:
    """Return the path as a log may have it: without the secret."""
    return next((f"{prefix}…" for prefix in SECRET_PREFIXES if path.startswith(prefix)), path)
