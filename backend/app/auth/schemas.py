"""Requests and answers of /api/auth."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.users.schemas import UserRead
from app.users.service import Registration

_EMAIL, _PASSWORD = "ada@example.org", "a few plain words"


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a character") from error
    return text


_Text = Annotated[str, AfterValidator(_whole)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AuthConfig(BaseModel):
    """What the sign-in page needs to know before anybody has signed in."""

    registration: Registration
    min_password_length: int
    has_users: bool


class RegisterRequest(_Request):
    email: _Text = Field(examples=[_EMAIL])
    password: _Text = Field(repr=False, examples=[_PASSWORD])
    invite: _Text | None = Field(default=None, repr=False, max_length=200)


class LoginRequest(_Request):
    email: _Text = Field(examples=[_EMAIL])
    password: _Text = Field(repr=False, examples=[_PASSWORD])


class PasswordChange(_Request):
    current_password: _Text = Field(repr=False)
    new_password: _Text = Field(repr=False, examples=[_PASSWORD])


class AccountDeletion(_Request):
    password: _Text = Field(repr=False)


class TokenRead(BaseModel):
    """An access token; the refresh token travels in an httpOnly cookie beside it."""

    access_token: str = Field(repr=False)
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a kind, no secret)
    expires_in: int = Field(description="Seconds until the access token expires.", examples=[3600])


class RenewedRead(TokenRead):
    """A new access token, and whose it is: a page that opens needs no second answer to know."""

    user: UserRead


class SignInRead(BaseModel):
    """One browser or device that is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    ip: str
    is_current: bool = False


class SignInList(BaseModel):
    """The caller's living sign-ins, the one used last first."""

    items: list[SignInRead]


class Done(BaseModel):
    ok: Literal[True] = True
