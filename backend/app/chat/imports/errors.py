"""Why a file, or one conversation of it, cannot be read."""

from __future__ import annotations

from pydantic import ValidationError

from app.errors import UnprocessableError


class BrokenConversationError(Exception):
    """This conversation cannot be taken in; the others of the file can. Its text is the reason, for the person."""


class UnknownFormatError(UnprocessableError):
    """Nothing in the document looks like a conversation."""

    code = "unknown_format"

    def __init__(self) -> None:
        super().__init__(
            "This is no export that the portal knows. Send one of its own, ChatGPT's conversations.json, "
            "or Open WebUI's chat export."
        )


class TooManyConversationsError(UnprocessableError):
    code = "too_many_conversations"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"The file has {count} conversations, and {limit} can be imported at once. Send it in parts.",
            details={"conversations": count, "limit": limit},
        )


def reason_of(error: ValidationError) -> str:
    """Say in one sentence what the first wrong field is."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg'].removeprefix('Value error, ')}."
