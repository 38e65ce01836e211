"""The refresh cookie: unreadable for scripts, unsent from other sites, seen by /api/auth only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.auth.schemas import TokenRead
from app.auth.service import Issued
from app.config import Settings

NAME = "pp_refresh"
_PATH = "/api/auth"


def hand_out(issued: Issued, request: Request, response: Response, settings: Settings) -> TokenRead:
    """Set the cookie if there is a new one, and return the body of the answer."""
    response.headers["cache-control"] = "no-store"
    if issued.refresh_token is not None:
        response.set_cookie(
            NAME,
            issued.refresh_token,
            max_age=settings.refresh_token_expire_days * 86_400,
            path=_PATH,
            secure=_is_https(request, settings),
            httponly=True,
            samesite="strict",
        )
    return TokenRead(access_token=issued.access_token, expires_in=issued.expires_in_seconds)


def take_back(request: Request, response: Response, settings: Settings) -> None:
    """Make the browser forget the cookie."""
    response.delete_cookie(
        NAME, path=_PATH, secure=_is_https(request, settings), httponly=True, samesite="strict"
    )


def _is_https(request: Request, settings: Settings) -> bool:
    return request.url.scheme == "https" or settings.portal_public_url.startswith("https://")
