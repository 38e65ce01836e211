"""/api/auth: registration, sign-in, the account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth import cookie
from app.auth.deps import (
    AnyCaller,
    Auth,
    Bearer,
    ClientInfo,
    PendingUser,
    SameSiteOnly,
    Services,
    SignedInUser,
)
from app.auth.schemas import (
    AccountDeletion,
    AuthConfig,
    Done,
    LoginRequest,
    PasswordChange,
    RegisterRequest,
    RenewedRead,
    SignInList,
    SignInRead,
    TokenRead,
)
from app.users.schemas import UserRead

router = APIRouter(prefix="/api/auth", tags=["auth"])

RefreshCookie = Annotated[str | None, Depends(cookie.read)]


@router.get("/config", summary="How one gets in")
async def config(services: Services) -> AuthConfig:
    settings = services.settings
    return AuthConfig(
        registration=settings.registration,
        min_password_length=settings.password_min_length,
        has_users=await services.users.has_people(),
    )


@router.post(
    "/register",
    summary="Make an account",
    responses={
        403: {"description": "Registration is closed, or the invitation is not good."},
        409: {"description": "The e-mail address is taken."},
        429: {"description": "Too many registrations from this address."},
    },
)
async def register(body: RegisterRequest, services: Services, client: ClientInfo) -> UserRead:
    await services.throttle.admit_registration(client.address)
    policy = services.settings.registration
    user = await services.users.register(body.email, body.password, policy, body.invite)
    return UserRead.model_validate(user)


@router.post(
    "/login",
    summary="Sign in",
    responses={
        401: {"description": "E-mail and password do not match."},
        429: {"description": "Too many attempts; `retry-after` says when to try again."},
    },
)
async def login(
    body: LoginRequest, request: Request, response: Response, services: Services, client: ClientInfo
) -> TokenRead:
    issued = await services.auth.login(body.email, body.password, client)
    return cookie.hand_out(issued, request, response, services.settings)


@router.post(
    "/refresh",
    summary="Renew the access token with the refresh cookie",
    dependencies=[SameSiteOnly],
    responses={
        401: {"description": "The cookie is absent, expired, or was used before."},
        403: {"description": "A page of another site asked."},
    },
)
async def refresh(
    request: Request, response: Response, services: Services, refresh_token: RefreshCookie
) -> RenewedRead:
    issued = await services.auth.refresh(refresh_token)
    token = cookie.hand_out(issued, request, response, services.settings)
    return RenewedRead(**token.model_dump(), user=UserRead.model_validate(issued.user))


@router.post("/logout", summary="End this sign-in at once, everywhere", dependencies=[SameSiteOnly])
async def logout(
    bearer: Bearer, request: Request, response: Response, services: Services, refresh_token: RefreshCookie
) -> Done:
    await services.auth.logout(bearer.credentials if bearer else None, refresh_token)
    cookie.take_back(request, response, services.settings)
    return Done()


@router.get("/me", summary="The caller's account")
async def me(principal: AnyCaller) -> UserRead:
    return UserRead.model_validate(principal.user)


@router.post(
    "/change-password",
    summary="Choose a new password; every other sign-in ends",
    responses={
        403: {"description": "The current password is wrong, or a key was sent."},
        429: {"description": "Too many wrong passwords."},
    },
)
async def change_password(
    body: PasswordChange,
    principal: PendingUser,
    request: Request,
    response: Response,
    services: Services,
    client: ClientInfo,
) -> TokenRead:
    issued = await services.auth.change_password(principal, body.current_password, body.new_password, client)
    return cookie.hand_out(issued, request, response, services.settings)


@router.get("/sessions", summary="Where the caller is signed in")
async def sign_ins(principal: SignedInUser, auth: Auth) -> SignInList:
    items = [SignInRead.model_validate(row) for row in await auth.sign_ins(principal.user.id)]
    for item in items:
        item.is_current = item.id == principal.sign_in_id
    return SignInList(items=items)


@router.delete(
    "/sessions/{sign_in_id}",
    summary="End one sign-in",
    responses={404: {"description": "No such sign-in of the caller."}},
)
async def revoke_sign_in(sign_in_id: str, principal: SignedInUser, auth: Auth) -> Done:
    await auth.revoke(principal.user.id, sign_in_id)
    return Done()


@router.delete(
    "/account",
    summary="Delete the account and all that it owns",
    responses={
        403: {"description": "The password is wrong, or a key was sent."},
        409: {"description": "The caller is the only administrator."},
    },
)
async def delete_account(
    body: AccountDeletion,
    principal: SignedInUser,
    request: Request,
    response: Response,
    services: Services,
    client: ClientInfo,
) -> Done:
    await services.auth.delete_account(principal, body.password, client)
    cookie.take_back(request, response, services.settings)
    return Done()
