"""What devices refuse."""

from __future__ import annotations

from app.errors import ConflictError, NotFoundError, UnprocessableError


class DeviceNotFoundError(NotFoundError):
    """Also the answer for other people's devices."""

    code = "device_not_found"

    def __init__(self) -> None:
        super().__init__("You have no device of this id.")


class DeviceKeyRevokedError(ConflictError):
    code = "device_key_revoked"

    def __init__(self) -> None:
        super().__init__("The key of this device was revoked. Give the device a new secret first.")


class UnknownProjectError(UnprocessableError):
    code = "unknown_project"

    def __init__(self, project: str, known: list[str]) -> None:
        super().__init__(f"projects: there is no project {project}. There are {', '.join(known)}.")
