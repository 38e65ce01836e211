"""The refresh cookie: unreadable for scripts, unsent from other sites, seen by /api/auth only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.auth.schemas import TokenRead
from app.auth.service import Issued
from app.config import Settings

NAME = "pp_refresh"
SECURE_NAME = "__Secure-pp_refresh"
"""Over HTTPS: a browser takes it from nobody who speaks plain HTTP in the portal's name (ASVS 5, 3.3.1)."""
_PATH = "/api/auth"


async def read(request: Request) -> str | None:
    """Return the refresh token that came along; a dependency."""
    return request.cookies.get(SECURE_NAME) or request.cookies.get(NAME)


def hand_out(issued: Issued, request: Request, response: Response, settings: Settings) -> TokenRead:
    """Set the cookie if there is a new one, and return the body of the answer."""
    response.headers["cache-control"] = "no-store"
    if issued.refresh_token is not None:
        is_https = _is_https(request, settings)
        if is_https and NAME in request.cookies:
            _delete(response, NAME, is_https=is_https)
        response.set_cookie(
            SECURE_NAME if is_https else NAME,
            issued.refresh_token,
            max_age=settings.refresh_token_expire_days * 86_400,
            path=_PATH,
            secure=is_https,
            httponly=True,
            samesite="strict",
        )
    return TokenRead(access_token=issued.access_token, expires_in=issued.expires_in_seconds)


def take_back(request: Request, response: Response, settings: Settings) -> None:
    """Make the browser forget the cookie."""
    is_https = _is_https(request, settings)
    for name in (SECURE_NAME, NAME) if is_https else (NAME,):
        _delete(response, name, is_https=is_https)


def _delete(response: Response, name: str, *, is_https: bool) -> None:
    response.delete_cookie(name, path=_PATH, secure=is_https, httponly=True, samesite="strict")


def _is_https(request: Request, settings: Settings) -> bool:
    return request.url.scheme == "https" or settings.portal_public_url.startswith("https://")
