"""What conversations refuse, and the engine's errors in the portal's words."""

from __future__ import annotations

from typing import Any

from app.errors import ConflictError, NotFoundError, PortalError, TooManyRequestsError, UnprocessableError
from app.llm.errors import LLMError


class SessionNotFoundError(NotFoundError):
    """No such session of this owner; the same answer whether it is absent or someone else's."""

    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("There is no session of that id.")


class MessageNotFoundError(NotFoundError):
    code = "message_not_found"

    def __init__(self) -> None:
        super().__init__("There is no message of that id in this session.")


class TurnNotFoundError(NotFoundError):
    code = "turn_not_found"

    def __init__(self) -> None:
        super().__init__("There is no turn of that id.")


class SessionExistsError(ConflictError):
    code = "session_exists"

    def __init__(self) -> None:
        super().__init__("You have a session of that id already.")


class IdempotencyConflictError(ConflictError):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request. Send a new key with a new request."
        )


class InvalidParentError(UnprocessableError):
    """The branch would begin under something that is not an answer."""

    def __init__(self) -> None:
        super().__init__(
            "parent_id: it must be an assistant's message (or null for a new beginning); "
            "to edit a question send the parent_id of that question."
        )


class InvalidSessionIdError(UnprocessableError):
    def __init__(self) -> None:
        super().__init__("session_id: use 1 to 128 of the characters A–Z a–z 0–9 . _ : @ -")


class NothingToShareError(ConflictError):
    code = "nothing_to_share"

    def __init__(self) -> None:
        super().__init__("There is no finished message in this conversation yet.")


class NotSharedError(NotFoundError):
    code = "not_shared"

    def __init__(self) -> None:
        super().__init__("This conversation is not shared.")


class SharedNotFoundError(NotFoundError):
    """The same answer for a link that never was, one that was withdrawn, and one whose conversation is gone."""

    code = "share_not_found"

    def __init__(self) -> None:
        super().__init__("There is no shared conversation here. The link may have been withdrawn.")


class TooManyReadsError(TooManyRequestsError):
    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(
            "Too many shared conversations were read from your address. Wait a moment.",
            retry_after_seconds=retry_after_seconds,
        )


class ModelCannotSeeError(UnprocessableError):
    """An image was given to a model that takes text only."""

    code = "model_cannot_see"

    def __init__(self, model: str, able: list[str]) -> None:
        advice = f"Choose one that can ({', '.join(able[:5])})" if able else "No model here can"
        super().__init__(
            f"The model {model} cannot see images. {advice}, or send the message without the image.",
            details={"model": model, "able": able},
        )


_STATUS = {
    "upstream_error": 502,
    "upstream_authentication": 502,
    "upstream_rejected": 400,
    "stopped_by_operator": 403,
    "upstream_protocol": 502,
    "stream_interrupted": 502,
    "upstream_rate_limited": 429,
    "model_unavailable": 503,
    "upstream_timeout": 504,
    "deadline_exceeded": 504,
    "context_overflow": 413,
    "model_not_found": 404,
    "session_busy": 429,
    "queue_full": 429,
    "cancelled": 409,
    "interrupted": 503,
    "storage_unavailable": 503,
    "database_unavailable": 503,
    "internal_error": 500,
}
_WAIT_SECONDS = {
    "session_busy": 2.0,
    "queue_full": 2.0,
    "model_unavailable": 5.0,
    "upstream_rate_limited": 5.0,
}


def portal_error(error: LLMError) -> PortalError:
    """Translate an error of the engine: its code and sentence stay, an HTTP status and a wait are added."""
    return stored_error(error.code, error.message, error.details, error.retry_after_seconds)


def stored_error(
    code: str,
    message: str,
    details: dict[str, Any] | None = None,
    retry_after_seconds: float | None = None,
) -> PortalError:
    """Make the error of a turn that ended as failed, from what is known of it."""
    return PortalError(
        message,
        code=code,
        status=_STATUS.get(code, 502),
        details=details,
        retry_after_seconds=_wait(code, retry_after_seconds),
    )


def _wait(code: str, asked_seconds: float | None) -> float | None:
    return asked_seconds if asked_seconds is not None else _WAIT_SECONDS.get(code)
