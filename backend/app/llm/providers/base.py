"""What adapters share: health as data, timeouts, and errors by an answer's status. Never by its words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from app.llm.errors import (
    ContextOverflowError,
    LLMError,
    ProviderAuthenticationError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    UnknownModelError,
)

_MAX_MESSAGE_CHARS = 500
_MAX_PARAM_CHARS = 100
_OVERFLOW_CODES = {"exceed_context_size_error", "context_length_exceeded"}


@dataclass(frozen=True, slots=True)
class Health:
    """What a server said of itself."""

    is_healthy: bool
    latency_ms: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an adapter waits, in seconds: a long prefill is no hang, so each wait has its own limit."""

    connect_seconds: float = 5.0
    first_token_seconds: float = 120.0
    chunk_seconds: float = 60.0
    total_seconds: float = 300.0


def parse_retry_after(value: str | None) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, section 10.2.3), as seconds from now."""
    if value is None:
        return None
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        instant = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def error_from_body(
    provider: str, status: int, body: bytes, retry_after: str | None, secrets: tuple[str, ...]
) -> LLMError:
    """Turn a refusal into its typed error; `secrets` (address, key) are blanked out of the server's sentence."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]  # Gemini's compatible endpoint wraps its error in a list
    error = parsed.get("error") if isinstance(parsed, dict) else None
    return error_from_object(provider, status, error if error is not None else parsed, retry_after, secrets)


def error_from_object(
    provider: str, status: int, error: Any, retry_after: str | None = None, secrets: tuple[str, ...] = ()
) -> LLMError:
    """Turn an error object, from a body or from inside a stream, into its typed error."""
    facts = error if isinstance(error, dict) else {"message": error}
    said = _sentence(facts.get("message") or facts.get("detail"), secrets)
    if _OVERFLOW_CODES & {str(facts.get("type")), str(facts.get("code"))}:
        return _overflow(provider, status, facts)
    known: dict[str, Any] = {"provider": provider, "status": status}
    if status in (401, 403):
        return ProviderAuthenticationError("The model server refused the portal's credentials.", **known)
    if 300 <= status < 400:
        message = "The model server's address leads on to another one, as from http to https. Enter that one."
        return LLMError(message, is_retryable=True, **known)
    if status == 404:
        return UnknownModelError(f"The model server does not know this model or route{said}.", **known)
    if status in (408, 504):
        return ProviderTimeoutError(f"The model server timed out{said}.", is_retryable=True, **known)
    if status == 429:
        wait = parse_retry_after(retry_after)
        return ProviderRateLimitError(
            "The model server has too many requests.", is_retryable=True, retry_after_seconds=wait, **known
        )
    if status == 503:
        wait = parse_retry_after(retry_after)
        return ProviderUnreachableError(
            f"The model server is not ready{said}.", is_retryable=True, retry_after_seconds=wait, **known
        )
    if 400 <= status < 500 or status == 501:
        param = facts.get("param")
        details = {"param": param[:_MAX_PARAM_CHARS]} if isinstance(param, str) and param else None
        return ProviderRejectedError(
            f"The model server rejected the request{said}.", details=details, **known
        )
    return LLMError(f"The model server failed{said}.", is_retryable=True, **known)


def _sentence(message: Any, secrets: tuple[str, ...]) -> str:
    """Return `: what the server said`, shortened, without secrets; or nothing."""
    if isinstance(message, dict):
        message = message.get("detail") or message.get("message")
    if isinstance(message, list):
        message = _of_fields(message)
    if not isinstance(message, str) or not message.strip():
        return ""
    for secret in secrets:
        if secret:
            message = message.replace(secret, "…")
    text = " ".join(message.split()).rstrip(".")
    return f": {text[:_MAX_MESSAGE_CHARS]}"


def _of_fields(problems: list[Any]) -> str:
    """Return what is wrong with which fields, as servers made with FastAPI say it."""
    known = [problem for problem in problems if isinstance(problem, dict) and problem.get("msg")]
    places = [problem["loc"] if isinstance(problem.get("loc"), list) else [] for problem in known]
    return "; ".join(
        ": ".join([*([".".join(map(str, place))] if place else []), str(problem["msg"])])
        for problem, place in zip(known, places, strict=True)
    )


def _overflow(provider: str, status: int, facts: dict[str, Any]) -> ContextOverflowError:
    prompt, window = facts.get("n_prompt_tokens"), facts.get("n_ctx")
    if isinstance(prompt, int) and isinstance(window, int):
        message = f"The prompt has {prompt} tokens, and the model's context holds {window}. Shorten the text."
        details = {"prompt_tokens": prompt, "context_window": window}
        return ContextOverflowError(message, provider=provider, status=status, details=details)
    return ContextOverflowError(
        "The prompt is longer than the model's context. Shorten the text.", provider=provider, status=status
    )
