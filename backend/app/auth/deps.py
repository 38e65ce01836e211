"""What endpoints ask for: the caller, with the scope that the route needs, and the services.

All are coroutines: FastAPI runs a plain function in a thread, which costs more than these do.
The only place a credential is read from is `Authorization: Bearer`: never a URL, a cookie or another header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.auth.errors import (
    AdminOnlyError,
    MissingScopeError,
    NoCredentialError,
    PasswordChangeRequiredError,
    SignInRequiredError,
)
from app.auth.origin import require_own_origin
from app.auth.principal import Client, Principal
from app.auth.runtime import AuthRuntime, create_auth_runtime
from app.auth.service import AuthService
from app.keys.schemas import Scope
from app.keys.service import KeyService
from app.limits.rates import RateLimits

_BEARER = HTTPBearer(
    auto_error=False, description="An access token of /api/auth/login, or an API key `pp_…`."
)

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


async def auth_runtime(request: Request) -> AuthRuntime:
    """Return the services over this application's database and coordination, made at the first request."""
    runtime = request.app.state.runtime
    made: AuthRuntime | None = getattr(request.app.state, "auth_runtime", None)
    if made is None or made.database is not runtime.database:
        made = create_auth_runtime(
            runtime.settings, runtime.database, runtime.coord, getattr(runtime, "clock", None)
        )
        request.app.state.auth_runtime = made
    return made


Services = Annotated[AuthRuntime, Depends(auth_runtime)]


async def any_caller(bearer: Bearer, services: Services) -> Principal:
    """Return whoever has a valid credential, even before a one-time password was changed."""
    if bearer is None or not bearer.credentials:
        raise NoCredentialError
    return await services.identity.authenticate(bearer.credentials)


AnyCaller = Annotated[Principal, Depends(any_caller)]


async def pending_user(principal: AnyCaller) -> Principal:
    """Return a signed-in person, even before a one-time password was changed; no keys."""
    if principal.sign_in_id is None:
        raise SignInRequiredError
    return principal


async def current_user(principal: AnyCaller) -> Principal:
    """Return the caller, a person or a key of any scope."""
    if principal.user.must_change_password:
        raise PasswordChangeRequiredError
    return principal


CurrentUser = Annotated[Principal, Depends(current_user)]


async def signed_in_user(principal: CurrentUser) -> Principal:
    """Return a signed-in person; no keys."""
    return await pending_user(principal)


async def current_admin(principal: CurrentUser) -> Principal:
    """Return an administrator who signed in, or whose key has the scope `admin`."""
    if not principal.is_admin:
        raise AdminOnlyError
    return principal


PendingUser = Annotated[Principal, Depends(pending_user)]
SignedInUser = Annotated[Principal, Depends(signed_in_user)]
CurrentAdmin = Annotated[Principal, Depends(current_admin)]


@cache
def require_scope(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """Return a dependency that lets in signed-in people, and keys that have the scope."""

    async def scoped_caller(principal: CurrentUser) -> Principal:
        if scope not in principal.scopes:
            raise AdminOnlyError if scope == "admin" else MissingScopeError(scope)
        return principal

    return scoped_caller


ChatUser = Annotated[Principal, Depends(require_scope("chat"))]


async def chat_model_caller(principal: ChatUser, services: Services) -> Principal:
    """Return a caller who may ask a model now: scope `chat`, and one of the key's requests taken."""
    await services.limits.take_request(principal.subjects)
    return principal


ChatModelCaller = Annotated[Principal, Depends(chat_model_caller)]


async def client_of(request: Request) -> Client:
    """Return where the request came from; the server has resolved trusted proxies already."""
    agent = "".join(
        character for character in request.headers.get("user-agent", "") if character.isprintable()
    )
    return Client(address=request.client.host if request.client else "", user_agent=agent[:255])


async def same_site_only(request: Request, services: Services) -> None:
    """Let no other site's page use the refresh cookie."""
    require_own_origin(request, services.settings)


ClientInfo = Annotated[Client, Depends(client_of)]
SameSiteOnly = Depends(same_site_only)


async def get_auth(services: Services) -> AuthService:
    return services.auth


async def get_keys(services: Services) -> KeyService:
    return services.keys


async def get_limits(services: Services) -> RateLimits:
    return services.limits


Auth = Annotated[AuthService, Depends(get_auth)]
Keys = Annotated[KeyService, Depends(get_keys)]
Limits = Annotated[RateLimits, Depends(get_limits)]
