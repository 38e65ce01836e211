"""From a stream's events to the whole answer and back, so that what is kept of either serves both. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from app.gateway.deltas import SENSELESS_ERRORS

_PIECE = re.compile(r".{1,40}(?:\s+|$)|.{1,40}", re.DOTALL)
_HEAD = ("id", "created", "model", "system_fingerprint", "service_tier")
_TEXT = ("content", "reasoning_content", "reasoning", "refusal")
_MOST_AHEAD = 8
_SEPARATOR = re.compile(rb"\r?\n\r?\n")


class Folder:
    """Takes a stream of chat completions, whole events at a time.

    Args:
        max_bytes: of events; a longer stream is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes
        self._events: list[bytes] = []

    def feed(self, events: bytes) -> None:
        """Keep events for the end: nothing is parsed while the stream runs."""
        self._left -= len(events)
        if self._left >= 0:
            self._events.append(events)
        else:
            self._events.clear()

    def whole(self) -> bytes | None:
        """Return the answer, or None unless the stream ended well and holds nothing that could be lost."""
        if self._left < 0:
            return None
        try:
            return self._whole()
        except SENSELESS_ERRORS:
            return None

    def _whole(self) -> bytes | None:
        answer: dict[str, Any] = {"object": "chat.completion", "choices": []}
        has_ended = False
        for event in _SEPARATOR.split(b"".join(self._events)):
            data = event.partition(b"data:")[2].strip() if event.startswith(b"data:") else b""
            if data == b"[DONE]":
                has_ended = True
            elif data and not _take(answer, data):
                return None
        choices = answer["choices"]
        is_complete = has_ended and bool(choices) and all(choice.get("finish_reason") for choice in choices)
        return orjson.dumps(answer) if is_complete else None


def _take(answer: dict[str, Any], data: bytes) -> bool:
    """Add a chunk; false when it is none that is understood in full."""
    try:
        chunk = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(chunk, dict) or "error" in chunk or not isinstance(chunk.get("choices"), list):
        return False
    for name in _HEAD:
        if name in chunk:
            answer.setdefault(name, chunk[name])
    if chunk.get("usage"):
        answer["usage"] = chunk["usage"]
    return all(_take_choice(answer["choices"], choice) for choice in chunk["choices"])


def _take_choice(choices: list[dict[str, Any]], given: Any) -> bool:
    if not isinstance(given, dict) or not set(given) <= {"index", "delta", "finish_reason", "logprobs"}:
        return False
    index = given.get("index", 0)
    choice = next((one for one in choices if one["index"] == index), None)
    if choice is None:
        message = {"role": "assistant", "content": None}
        choice = {"index": index, "message": message, "logprobs": None, "finish_reason": None}
        choices.append(choice)
    choice["finish_reason"] = given.get("finish_reason") or choice["finish_reason"]
    if given.get("logprobs"):
        found = choice["logprobs"] = choice["logprobs"] or {"content": []}
        found["content"] += given["logprobs"].get("content") or []
    return _take_delta(choice["message"], given.get("delta") or {})


def _take_delta(message: dict[str, Any], delta: dict[str, Any]) -> bool:
    for name, value in delta.items():
        if name in _TEXT:
            if isinstance(value, str):
                message[name] = (message.get(name) or "") + value
            elif value is not None:
                return False
        elif name == "tool_calls":
            for call in value or []:
                _take_call(message.setdefault("tool_calls", []), call)
        elif name != "role" and value is not None:
            return False
    return True


def _take_call(calls: list[dict[str, Any]], given: dict[str, Any]) -> None:
    index = given.get("index", 0)
    if index > len(calls) + _MOST_AHEAD:
        raise ValueError("a call far from the others")
    while len(calls) <= index:
        calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call, function = calls[index], given.get("function") or {}
    call["id"] = given.get("id") or call["id"]
    for name in ("name", "arguments"):
        call["function"][name] += function.get(name) or ""


def replayed(data: bytes, *, is_usage_wanted: bool) -> Iterator[bytes]:
    """Yield a whole answer as the events of a stream."""
    answer = orjson.loads(data)
    head = {name: answer[name] for name in _HEAD if name in answer}
    head["object"] = "chat.completion.chunk"
    for choice in answer.get("choices", []):
        for delta in _deltas(choice.get("message") or {}):
            yield _event(head, choice, delta)
        yield _event(head, choice, {}, choice.get("finish_reason") or "stop", choice.get("logprobs"))
    if is_usage_wanted and answer.get("usage"):
        yield _sse({**head, "choices": [], "usage": answer["usage"]})
    yield b"data: [DONE]\n\n"


def streamed(data: bytes) -> bytes:
    """Return the events of a whole answer, of a server that does not stream; nothing for what is none."""
    try:
        return b"".join(replayed(data, is_usage_wanted=True))
    except SENSELESS_ERRORS:
        return b""


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for name in ("reasoning_content", "reasoning", "content", "refusal"):
        for piece in _PIECE.findall(message.get(name) or ""):
            yield {name: piece}
    if calls := message.get("tool_calls"):
        yield {"tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]}


def _event(
    head: dict[str, Any],
    choice: dict[str, Any],
    delta: dict[str, Any],
    finish: str | None = None,
    logprobs: Any = None,
) -> bytes:
    shown = {"index": choice.get("index", 0), "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return _sse({**head, "choices": [shown]})


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
