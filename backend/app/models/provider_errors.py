"""What can be wrong with a provider that an administrator enters."""

from __future__ import annotations

from app.errors import ConflictError, NotFoundError, UnprocessableError


class ProviderNotFoundError(NotFoundError):
    code = "provider_not_found"

    def __init__(self) -> None:
        super().__init__("There is no stored provider of this id.")


class ProviderNameTakenError(ConflictError):
    code = "provider_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a provider named {name!r} already. Choose another name.")


class ProviderAddressError(UnprocessableError):
    code = "provider_address_refused"


class ProviderKindError(UnprocessableError):
    """What is said of the provider does not belong together: a mapping without its kind, a module that is not there."""

    code = "provider_kind_wrong"


class KeyForNewAddressError(UnprocessableError):
    """The stored key must not be sent to an address that it was not entered for."""

    code = "provider_key_needed"

    def __init__(self) -> None:
        super().__init__("The address is new: enter the provider's key again, or null to remove it.")
