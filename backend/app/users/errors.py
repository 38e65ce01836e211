"""What can be wrong with an account, as sentences that say what to do."""

from __future__ import annotations

from app.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    TooManyRequestsError,
    UnprocessableError,
)


class InvalidEmailError(UnprocessableError):
    code = "invalid_email"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This is not an e-mail address: {reason}", details={"field": "email"})


class WeakPasswordError(UnprocessableError):
    code = "weak_password"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, details={"field": "password"})


class InvalidCredentialsError(NotSignedInError):
    """The same answer for a wrong password and for an address that nobody has."""

    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("E-mail and password do not match. Check both and try again.")


class WrongPasswordError(ForbiddenError):
    """A signed-in person mistyped the current password; the sign-in itself stays good."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("That is not your current password. Nothing was changed.")


class EmailTakenError(ConflictError):
    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("Somebody has registered with this e-mail address already. Sign in instead.")


class RegistrationClosedError(ForbiddenError):
    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("This portal takes no registrations. Ask its administrator for an account.")


class InvalidInviteError(ForbiddenError):
    code = "invite_invalid"

    def __init__(
        self, message: str = "This invitation is unknown, used up or expired. Ask for a new one."
    ) -> None:
        super().__init__(message)


class NoSuchUserError(NotFoundError):
    """For administrators only; a stranger is never told who has an account."""

    def __init__(self, email: str) -> None:
        super().__init__(f"Nobody here has the e-mail address {email}.")


class LastAdminError(ConflictError):
    code = "last_admin"

    def __init__(self) -> None:
        super().__init__(
            "You are the only administrator. Make somebody else one before you delete your account."
        )


class HashingBusyError(TooManyRequestsError):
    """More people sign in at this moment than passwords can be checked; nobody waits without end."""

    code = "too_many_attempts"

    def __init__(self) -> None:
        super().__init__(
            "Too many people are signing in right now. Try again in a moment.", retry_after_seconds=2
        )
