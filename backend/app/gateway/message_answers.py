"""Chat completions as answers of Anthropic's Messages API, whole and streamed. Pure: bytes in, bytes out."""

from __future__ import annotations

from typing import Any

import orjson

from app.errors import ANTHROPIC_TYPES, UpstreamError
from app.gateway.deltas import NO_SENSE, SENSELESS_ERRORS, known_count, known_text
from app.kit.ids import new_id
from app.llm.providers.sse import SSEDecoder
from app.llm.reasoning import parted

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_KINDS = {
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
    "text": {"type": "text", "text": ""},
}


def to_message(data: bytes) -> bytes:
    """Return the message that a whole completion is. Raises UpstreamError for what is none."""
    try:
        return orjson.dumps(_translated(orjson.loads(data)))
    except SENSELESS_ERRORS as error:
        raise UpstreamError(NO_SENSE) from error


def _translated(completion: dict[str, Any]) -> dict[str, Any]:
    choice = completion["choices"][0]
    said = choice.get("message") or {}
    content: list[dict[str, Any]] = []
    text, thought = parted(said.get("content") or said.get("refusal") or "")
    if reasoning := known_text(said.get("reasoning_content") or said.get("reasoning") or thought):
        content.append({"type": "thinking", "thinking": reasoning, "signature": ""})
    if text:
        content.append({"type": "text", "text": text})
    for call in said.get("tool_calls") or ():
        function = call.get("function") or {}
        content.append(
            {
                "type": "tool_use",
                "id": call.get("id") or f"toolu_{new_id()}",
                "name": function.get("name"),
                "input": _input(function.get("arguments")),
            }
        )
    message = _message(completion.get("model"), content)
    message.update(_stop(known_text(choice.get("finish_reason") or "stop"), choice.get("stop_reason")))
    message["usage"] = _usage(completion.get("usage"))
    return message


class MessageEncoder:
    """Feeds on the events of a streamed completion, and gives Anthropic's events back.

    A stream that ends without its finish is told as an error, never as a message that is complete.
    """

    def __init__(self) -> None:
        self._decoder = SSEDecoder()
        self._has_started = False
        self._has_ended = False
        self._block: tuple[str, int | None] | None = None
        self._count = 0
        self._finish_reason: str | None = None
        self._stopped_at: Any = None
        self._usage = _usage(None)

    def feed(self, data: bytes) -> bytes:
        """Return the events that this piece makes."""
        return b"".join(made for event in self._decoder.feed(data) for made in self._event(event))

    def finish(self) -> bytes:
        """Return the end of the message; nothing when it has ended by an error."""
        events = [made for event in self._decoder.flush() for made in self._event(event)]
        if self._has_ended:
            return b"".join(events)
        if self._finish_reason is None:
            return b"".join([*events, self._error(502, "The model server ended the stream in the middle.")])
        events += self._close()
        delta = _stop(self._finish_reason, self._stopped_at)
        events.append(_event("message_delta", {"delta": delta, "usage": self._usage}))
        events.append(_event("message_stop", {}))
        self._has_ended = True
        return b"".join(events)

    def _event(self, data: bytes) -> list[bytes]:
        if self._has_ended or data == b"[DONE]":
            return []
        try:
            return self._chunk(orjson.loads(data))
        except SENSELESS_ERRORS:
            return [self._error(502, NO_SENSE)]

    def _chunk(self, chunk: dict[str, Any]) -> list[bytes]:
        if isinstance(chunk.get("error"), dict):
            return [self._error_of(chunk["error"])]
        if chunk.get("usage"):
            self._usage = _usage(chunk["usage"])
        return [
            *self._start(chunk),
            *(event for choice in chunk.get("choices") or () for event in self._delta(choice)),
        ]

    def _start(self, chunk: dict[str, Any]) -> list[bytes]:
        if self._has_started:
            return []
        self._has_started = True
        message = {**_message(chunk.get("model"), []), "usage": _usage(None)}
        return [_event("message_start", {"message": message})]

    def _delta(self, choice: dict[str, Any]) -> list[bytes]:
        if choice.get("index"):
            return []  # a message has one answer
        delta = choice.get("delta") or {}
        events: list[bytes] = []
        text, thought = parted(delta.get("content") or delta.get("refusal") or "")
        if reasoning := known_text(delta.get("reasoning_content") or delta.get("reasoning") or thought):
            events += self._open("thinking")
            events.append(self._grow({"type": "thinking_delta", "thinking": reasoning}))
        if text:
            events += self._open("text")
            events.append(self._grow({"type": "text_delta", "text": text}))
        for call in delta.get("tool_calls") or ():
            events += self._tool(call)
        if reason := choice.get("finish_reason"):
            self._finish_reason = known_text(reason)
            self._stopped_at = choice.get("stop_reason")
        return events

    def _tool(self, call: dict[str, Any]) -> list[bytes]:
        function = call.get("function") or {}
        number = call.get("index") or 0
        events: list[bytes] = []
        if self._block != ("tool_use", number):
            block: dict[str, Any] = {
                "type": "tool_use",
                "id": call.get("id") or f"toolu_{new_id()}",
                "name": function.get("name") or "",
                "input": {},
            }
            events += self._open("tool_use", number, block)
        if arguments := function.get("arguments"):
            events.append(self._grow({"type": "input_json_delta", "partial_json": known_text(arguments)}))
        return events

    def _open(self, kind: str, number: int | None = None, block: dict[str, Any] | None = None) -> list[bytes]:
        if self._block == (kind, number):
            return []
        events = self._close()
        self._block = (kind, number)
        start = {"index": self._count, "content_block": block or _KINDS[kind]}
        return [*events, _event("content_block_start", start)]

    def _grow(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._count, "delta": delta})

    def _close(self) -> list[bytes]:
        if self._block is None:
            return []
        self._block = None
        self._count += 1
        return [_event("content_block_stop", {"index": self._count - 1})]

    def _error_of(self, error: dict[str, Any]) -> bytes:
        self._has_ended = True
        kind = str(error.get("type") or "api_error")
        if kind in ("server_error", "upstream_error"):
            kind = "api_error"
        return _event("error", {"error": {"type": kind, "message": str(error.get("message") or "")}})

    def _error(self, status: int, message: str) -> bytes:
        self._has_ended = True
        return _event(
            "error", {"error": {"type": ANTHROPIC_TYPES.get(status, "api_error"), "message": message}}
        )


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **data}))


def _message(model: Any, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_{new_id()}",
        "type": "message",
        "role": "assistant",
        "model": model or "",
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop(finish_reason: str, stopped_at: Any) -> dict[str, Any]:
    """Return why an answer ended; `stopped_at` is the stop sequence where a server tells it, as vLLM does."""
    if finish_reason == "stop" and isinstance(stopped_at, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": stopped_at}
    return {"stop_reason": _STOP_REASONS.get(finish_reason, "end_turn"), "stop_sequence": None}


def _usage(usage: Any) -> dict[str, int]:
    """Return Anthropic's counts, which leave what the cache had out of the input."""
    prompt, details = known_count(usage, "prompt_tokens"), None
    if isinstance(usage, dict):
        details = usage.get("prompt_tokens_details")
    cached = min(prompt, known_count(details, "cached_tokens"))
    return {
        "input_tokens": prompt - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": known_count(usage, "completion_tokens"),
    }


def _input(arguments: Any) -> dict[str, Any]:
    """Return a tool's input; what a model wrote that is no JSON object is kept as text."""
    if isinstance(arguments, dict):  # some servers do not write it as text
        return arguments
    try:
        found = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"arguments": arguments}
