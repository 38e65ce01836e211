"""Finds where an answer in OpenAI's format begins to say something: until then another target may be asked instead."""

from __future__ import annotations

import re
from typing import Any

import orjson

from app.llm.errors import LLMError, ProviderProtocolError
from app.llm.providers.base import error_from_object
from app.llm.providers.sse import SSEDecoder, SSETooLargeError

_BEGINS = {"response.created", "response.queued", "response.in_progress", "message_start", "ping"}
_STATUSES = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "overloaded_error": 503,
    "invalid_prompt": 400,
}
_FAILED = b'"failed"'
_ERROR = re.compile(rb'\{\s*"error"\s*:')
BLANKS = b"\xef\xbb\xbf \r\n\t"
"""What may stand before an answer: OpenRouter sends blanks while it waits for one."""
_SAYS = ("content", "reasoning_content", "reasoning", "tool_calls", "function_call", "refusal", "audio")


class FirstContent:
    """Feeds on the bytes of a stream up to its first content. An error that is told before it is raised, typed."""

    def __init__(self, provider: str, secrets: tuple[str, ...]) -> None:
        self._provider = provider
        self._secrets = secrets
        self._decoder = SSEDecoder()
        self.events = 0

    def is_in(self, data: bytes) -> bool:
        """Whether content has come with these bytes. Raises LLMError."""
        try:
            events = self._decoder.feed(data)
        except SSETooLargeError as error:
            raise ProviderProtocolError(
                "The model server sent an event without an end.", provider=self._provider, is_retryable=True
            ) from error
        self.events += len(events)
        return any(self._says(event) for event in events)

    def is_left(self) -> bool:
        """Whether a stream that has ended had content in what is left of it. Raises LLMError."""
        return any(self._says(event) for event in self._decoder.flush())

    def _says(self, event: bytes) -> bool:
        if event == b"[DONE]":
            return False
        try:
            chunk = orjson.loads(event)
        except orjson.JSONDecodeError as error:
            raise ProviderProtocolError(
                "The model server sent an event that is no chat completion.",
                provider=self._provider,
                is_retryable=True,  # elsewhere: nothing was said yet
            ) from error
        if not isinstance(chunk, dict):
            return True
        if chunk.get("error") is not None:
            raise told_error(self._provider, chunk["error"], self._secrets)
        kind = chunk.get("type")
        if isinstance(kind, str) and kind in _BEGINS:
            # a response in the background is the server's from here on: it is asked nowhere else
            response = chunk.get("response")
            return isinstance(response, dict) and response.get("background") is True
        if kind == "error":
            raise told_error(self._provider, chunk, self._secrets)
        if kind == "response.failed" and isinstance(chunk.get("response"), dict):
            raise told_error(self._provider, chunk["response"].get("error"), self._secrets)
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return True  # another format than chat's: nothing is known of it
        return any(isinstance(choice, dict) and _has_content(choice) for choice in choices)


def told_error(provider: str, error: Any, secrets: tuple[str, ...]) -> LLMError:
    """Type an error that an answer of status 200 tells."""
    facts = error if isinstance(error, dict) else {}
    code = facts.get("code")
    named = _STATUSES.get(str(code)) or _STATUSES.get(str(facts.get("type"))) or 500
    status = code if isinstance(code, int) and 400 <= code < 600 else named
    return error_from_object(provider, status, error, secrets=secrets)


def check_whole(provider: str, answer: bytes, secrets: tuple[str, ...]) -> None:
    """Raise what a whole answer says went wrong whose status is 200, or that it is none (a page, say). Raises LLMError."""
    is_told = _ERROR.match(answer) is not None
    if answer.startswith(b"{") and not is_told and _FAILED not in answer:
        return
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise ProviderProtocolError(
            "The model server's answer is no JSON object. Is its address that of its API?",
            provider=provider,
            is_retryable=True,  # elsewhere: nothing was said yet
        )
    is_failed = told.get("object") == "response" and told.get("status") == "failed"
    if is_failed or (is_told and told["error"] is not None):
        raise told_error(provider, told.get("error"), secrets)


def _has_content(choice: dict[str, Any]) -> bool:
    if choice.get("finish_reason") is not None or choice.get("text"):
        return True
    delta = choice.get("delta") or choice.get("message") or {}
    return isinstance(delta, dict) and any(delta.get(name) for name in _SAYS)
