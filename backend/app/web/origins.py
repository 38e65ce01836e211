"""Whether a page's origin is the portal's own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit


def is_own_origin(origin: str | None, host: str | None, public_url: str, others: Sequence[str]) -> bool:
    """Tell whether a request comes from the portal's page, a named other one, or from a program, which sends no origin."""
    if origin is None or origin in others:
        return True
    public = urlsplit(public_url)
    return origin == f"{public.scheme}://{public.netloc}" or urlsplit(origin).netloc == host
