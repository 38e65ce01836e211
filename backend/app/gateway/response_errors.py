"""What stored responses refuse."""

from __future__ import annotations

from app.errors import BadRequestError, NotFoundError


class ResponseNotFoundError(NotFoundError):
    """No such response of this owner; the same answer whether it is absent or somebody else's."""

    code = "response_not_found"

    def __init__(self) -> None:
        super().__init__("There is no response of that id.", details={"param": "response_id"})


class PreviousResponseError(BadRequestError):
    """The response that this one is to go on from cannot be used; nothing of a conversation is left out silently."""

    code = "previous_response_unusable"

    def __init__(self, problem: str) -> None:
        super().__init__(f"previous_response_id: {problem}.", details={"param": "previous_response_id"})


class NotInBackgroundError(BadRequestError):
    code = "not_in_background"

    def __init__(self, what: str) -> None:
        super().__init__(f"Only a response that was made with background: true can be {what}.")
