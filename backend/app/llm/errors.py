"""What can go wrong with a model or a turn; knows no HTTP framework. `chat` translates these to PortalErrors."""

from __future__ import annotations

from typing import Any


class LLMError(Exception):
    """A failure with a stable code.

    Args:
        message: a sentence for the caller; carries no address and no key.
        provider: the name of the target that failed, for logs and ledgers.
        status: the HTTP status that the server answered with, if it answered.
        is_retryable: whether asking again could help.
        retry_after_seconds: how long the server asked to wait.
        details: facts for programs.
    """

    code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        status: int | None = None,
        is_retryable: bool = False,
        retry_after_seconds: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.status = status
        self.is_retryable = is_retryable
        self.retry_after_seconds = retry_after_seconds
        self.details = details


class AskStoppedError(LLMError):
    """An operator stopped the request, its owner's account was shut off, or its key was revoked."""

    code = "stopped_by_operator"

    def __init__(self) -> None:
        super().__init__(
            "This request was stopped: whoever runs the portal ended it, or its API key was revoked."
        )


class ProviderUnreachableError(LLMError):
    """No connection could be made, or it broke before the first byte."""

    code = "model_unavailable"


class ProviderTimeoutError(LLMError):
    """The server was too slow: to connect, to the first token, or between chunks."""

    code = "upstream_timeout"


class ProviderAuthenticationError(LLMError):
    """The server refused the portal's own credentials."""

    code = "upstream_authentication"


class ProviderRateLimitError(LLMError):
    """The server answers 429."""

    code = "upstream_rate_limited"


class ProviderRejectedError(LLMError):
    """The server says the request itself is wrong (4xx)."""

    code = "upstream_rejected"


class ProviderProtocolError(LLMError):
    """The server's bytes make no sense: malformed SSE or JSON."""

    code = "upstream_protocol"


class StreamInterruptedError(LLMError):
    """The stream broke after it had begun; what came so far is kept."""

    code = "stream_interrupted"


class ContextOverflowError(LLMError):
    """System prompt and newest message alone do not fit; `details` has both figures in tokens."""

    code = "context_overflow"


class UnknownModelError(LLMError):
    """No model of that name, or not for this caller; `details["available"]` has the nearest names."""

    code = "model_not_found"


class SessionBusyError(LLMError):
    """As many turns as allowed wait for this session."""

    code = "session_busy"


class QueueFullError(LLMError):
    """The admission queue is full."""

    code = "queue_full"


class DeadlineExceededError(LLMError):
    """The request's deadline passed before it could be sent; it was dropped unsent."""

    code = "deadline_exceeded"


class TurnCancelledError(LLMError):
    """The turn was stopped by its caller."""

    code = "cancelled"


class TurnInterruptedError(LLMError):
    """The portal went down in the middle of the turn."""

    code = "interrupted"


class StorageUnavailableError(LLMError):
    """The turn could not be stored."""

    code = "storage_unavailable"


class InternalEngineError(LLMError):
    """A bug of the portal, not of the model server; the log has the cause."""

    code = "internal_error"
