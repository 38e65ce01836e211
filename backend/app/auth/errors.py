"""Why a request is not let in."""

from __future__ import annotations

from app.errors import ForbiddenError, NotFoundError, NotSignedInError, TooManyRequestsError


class NoCredentialError(NotSignedInError):
    def __init__(self) -> None:
        super().__init__("Sign in, or send an API key: `Authorization: Bearer pp_…`.")


class InvalidTokenError(NotSignedInError):
    code = "invalid_token"

    def __init__(self, message: str = "This access token is not valid. Sign in again.") -> None:
        super().__init__(message)


class ExpiredTokenError(NotSignedInError):
    code = "token_expired"

    def __init__(self) -> None:
        super().__init__("This access token has expired. Refresh it at /api/auth/refresh, or sign in again.")


class SignedOutError(NotSignedInError):
    """The sign-in was ended: by logout, a new password, from another device, or because its token was reused."""

    code = "signed_out"

    def __init__(self) -> None:
        super().__init__("This sign-in has ended. Sign in again.")


class RefreshRefusedError(NotSignedInError):
    code = "refresh_refused"

    def __init__(self) -> None:
        super().__init__("There is no sign-in to renew. Sign in again.")


class CrossSiteError(ForbiddenError):
    code = "cross_site"

    def __init__(self) -> None:
        super().__init__(
            "This request came from a page of another site. If that page is yours, name its origin in CORS_ORIGINS, "
            "or the portal's own address in PORTAL_PUBLIC_URL."
        )


class PasswordChangeRequiredError(ForbiddenError):
    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Choose a password of your own first: POST /api/auth/change-password.")


class SignInRequiredError(ForbiddenError):
    """An API key was sent where only a person may act."""

    code = "sign_in_required"

    def __init__(self) -> None:
        super().__init__("An API key cannot do this. Sign in with your password instead.")


class MissingScopeError(ForbiddenError):
    code = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"This API key has not the scope `{scope}`. Make a key that has it.", details={"scope": scope}
        )


class AdminOnlyError(ForbiddenError):
    code = "admin_only"

    def __init__(self) -> None:
        super().__init__("Only an administrator may do this.")


class SignInNotFoundError(NotFoundError):
    """Also the answer for other people's sign-ins."""

    def __init__(self) -> None:
        super().__init__("You have no sign-in of this id.")


class TooManyAttemptsError(TooManyRequestsError):
    code = "too_many_attempts"

    def __init__(self, retry_after_seconds: float) -> None:
        minutes = max(1, round(retry_after_seconds / 60))
        super().__init__(
            f"Too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
            retry_after_seconds=retry_after_seconds,
        )
