"""Keeps other sites' pages from acting with the refresh cookie (a second wall behind SameSite=Strict)."""

from __future__ import annotations

from starlette.requests import Request

from app.auth.errors import CrossSiteError
from app.config import Settings
from app.web.origins import is_own_origin


def require_own_origin(request: Request, settings: Settings) -> None:
    """Raise CrossSiteError when a browser says that the request comes from a page that is not the portal's.

    Programs send neither header and are let through: they have no cookies that somebody else could use.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site == "same-origin":  # set by the browser, also behind a proxy that rewrites Host
        return
    origin = request.headers.get("origin")
    if origin is None:
        if fetch_site in ("cross-site", "same-site"):
            raise CrossSiteError
        return
    host = request.headers.get("host")
    if not is_own_origin(origin, host, settings.portal_public_url, settings.cors_origins):
        raise CrossSiteError
