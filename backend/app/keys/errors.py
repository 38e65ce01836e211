"""What can be wrong with an API key."""

from __future__ import annotations

from app.errors import ConflictError, ForbiddenError, NotFoundError, NotSignedInError


class UnknownKeyError(NotSignedInError):
    code = "invalid_key"

    def __init__(
        self, message: str = "This API key is unknown or was deleted. Make a new one under Keys."
    ) -> None:
        super().__init__(message)


class ExpiredKeyError(NotSignedInError):
    code = "key_expired"

    def __init__(self) -> None:
        super().__init__("This API key has expired. Make a new one under Keys.")


class KeyNotFoundError(NotFoundError):
    """Also the answer for other people's keys."""

    def __init__(self) -> None:
        super().__init__("You have no API key of this id.")


class ScopeNotYoursError(ForbiddenError):
    code = "scope_not_allowed"

    def __init__(self, scope: str) -> None:
        super().__init__(f"Your role may not make keys with the scope `{scope}`.", details={"scope": scope})


class TooManyKeysError(ConflictError):
    code = "too_many_keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} API keys already. Delete one that you no longer use.")
