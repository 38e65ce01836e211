"""What devices refuse."""

from __future__ import annotations

from app.errors import NotFoundError, UnprocessableError


class DeviceNotFoundError(NotFoundError):
    """Also the answer for other people's devices."""

    code = "device_not_found"

    def __init__(self) -> None:
        super().__init__("You have no device of this id.")


class UnknownProjectError(UnprocessableError):
    code = "unknown_project"

    def __init__(self, project: str, known: list[str]) -> None:
        super().__init__(f"projects: there is no project {project}. There are {', '.join(known)}.")
