"""What conversations refuse."""

from __future__ import annotations

from app.errors import NotFoundError


class ConversationNotFoundError(NotFoundError):
    """No such conversation of this owner; the same answer whether it is absent or somebody else's."""

    code = "conversation_not_found"

    def __init__(self) -> None:
        super().__init__(
            "There is no conversation of that id. POST /v1/conversations begins one.",
            details={"param": "conversation"},
        )


class ItemNotFoundError(NotFoundError):
    code = "item_not_found"

    def __init__(self) -> None:
        super().__init__("The conversation has no item of that id.", details={"param": "item_id"})
