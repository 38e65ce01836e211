"""The tree of errors that callers see, and its renderers: native, OpenAI, Anthropic, event."""

from __future__ import annotations

from typing import Any


class PortalError(Exception):
    """An error with a stable code, an HTTP status and a sentence that says what to do.

    Args:
        message: one or two sentences for the person who called.
        details: JSON-able facts for programs.
        retry_after_seconds: sent as `Retry-After` where it helps.
    """

    code = "internal_error"
    status = 500

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        details: dict[str, Any] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.details = details
        self.retry_after_seconds = retry_after_seconds
        self.headers: dict[str, str] = {}
        """Headers that go with the answer, besides those that every error has."""


class BadRequestError(PortalError):
    code, status = "bad_request", 400


class NotSignedInError(PortalError):
    code, status = "not_authenticated", 401


class ForbiddenError(PortalError):
    code, status = "forbidden", 403


class NotFoundError(PortalError):
    code, status = "not_found", 404


class ConflictError(PortalError):
    code, status = "conflict", 409


class TooLargeError(PortalError):
    code, status = "too_large", 413


class UnprocessableError(PortalError):
    code, status = "validation_error", 422


class TooManyRequestsError(PortalError):
    code, status = "rate_limited", 429


class UpstreamError(PortalError):
    code, status = "upstream_error", 502


class UnavailableError(PortalError):
    code, status = "unavailable", 503


class DeadlineError(PortalError):
    code, status = "deadline_exceeded", 504


_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def render_native(error: PortalError, request_id: str) -> dict[str, Any]:
    """Render for /api: `{"error": {"code", "message", "request_id", "details"?}}`."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "request_id": request_id}
    if error.details:
        body["details"] = error.details
    return {"error": body}


def render_openai(error: PortalError, request_id: str) -> dict[str, Any]:
    """Render for /v1 in OpenAI's shape, from which its SDKs raise their exception classes."""
    kind = _OPENAI_TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    if error.code == "insufficient_quota":
        kind = error.code  # OpenAI tells a spent budget from a short wait by the type as well
    param = (error.details or {}).get("param")
    return {
        "error": {
            "message": error.message,
            "type": kind,
            "param": param,
            "code": error.code,
            "request_id": request_id,
        }
    }


ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def render_anthropic(error: PortalError, request_id: str) -> dict[str, Any]:
    """Render for /v1/messages in Anthropic's shape."""
    kind = ANTHROPIC_TYPES.get(error.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": error.message}, "request_id": request_id}


def render_event(error: PortalError, request_id: str) -> dict[str, Any]:
    """Render as the data of an SSE or MQTT error event; the same shape as the native body."""
    return render_native(error, request_id)


def response_headers(error: PortalError) -> dict[str, str]:
    """Return the headers that go with an error's response."""
    headers = dict(error.headers)
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after_seconds)))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers
