"""What is changed in a stream that passes: the model's name, and usage that its reader did not ask for. No I/O."""

from __future__ import annotations

import re
from collections import deque
from typing import Any

import orjson

from app.errors import PortalError
from app.gateway.deltas import SENSELESS_ERRORS
from app.gateway.own_stream import error_event, own_usage
from app.gateway.replay import streamed
from app.llm.providers.wire import parse_usage
from app.llm.tool_calls import CallNumbers
from app.llm.types import Usage

_MAX_HELD_BYTES = 1024 * 1024
_END = re.compile(rb'\[DONE\]|"finish_reason":\s*"|"error"')
_TAIL_PIECES = 8  # some servers say a little more after they have said that they stopped


def under_alias(data: bytes, answer: Any, alias: str) -> bytes:
    """Put the alias where an answer gives the server's own name for the model; `answer` is the JSON of `data`."""
    if not isinstance(answer, dict) or answer.get("model") in (None, alias):
        return data
    return orjson.dumps({**answer, "model": alias})


def usage_of(event: object) -> Usage | None:
    """Read the `usage` of an answer or chunk."""
    reported = event.get("usage") if isinstance(event, dict) else None
    if not isinstance(reported, dict):
        return None
    if "input_tokens" in reported:
        return own_usage(reported)
    timings = event.get("timings") if isinstance(event, dict) else None
    try:
        return parse_usage(reported, timings if isinstance(timings, dict) else None)
    except (AttributeError, TypeError, ValueError):  # a server of its own ideas
        return None


class StreamFilter:
    """Feeds on the bytes of server-sent events, and gives whole events back; untouched but for the rare one.

    Args:
        is_usage_wanted: false leaves out the chunk that tells the usage alone, which the portal asked for.
    """

    def __init__(self, alias: str, *, is_usage_wanted: bool) -> None:
        self._alias = alias
        self._is_usage_wanted = is_usage_wanted
        self._held = b""
        self._calls = CallNumbers()
        self._names: list[tuple[bytes, bytes]] | None = None
        self._tail: deque[bytes] = deque(maxlen=_TAIL_PIECES)
        self.usage: Usage | None = None
        self.events = 0
        """How many events came, for an answer whose server tells no usage: about a token each."""

    def feed(self, data: bytes) -> bytes:
        """Return the events that are complete with this piece."""
        if data.startswith(b"{") and not self._held and not self.events:
            data = streamed(data)
        data = self._held + data if self._held else data
        end = max(data.rfind(b"\n\n") + 2, data.rfind(b"\r\n\r\n") + 4)
        if end < 4:
            end = len(data) if len(data) > _MAX_HELD_BYTES else 0
        whole, self._held = data[:end], data[end:]
        if count := whole.count(b"data:"):
            self.events += count
            self._tail.append(whole)
        if b'"usage"' in whole:
            whole = self._without_usage(whole)
        if b'"tool_calls"' in whole:
            whole = self._numbered(whole)
        return self._renamed(whole)

    def flush(self) -> bytes:
        """Return what is left when the stream ends."""
        left, self._held = self._held, b""
        self._tail.append(left)
        return self._renamed(left)

    @property
    def is_cut(self) -> bool:
        """Whether a stream that is over ended without saying so: not every connection tells that it was broken off."""
        return self.usage is None and _END.search(b"".join(self._tail)) is None

    @staticmethod
    def told(error: PortalError) -> bytes:
        """Return the event that says how a stream broke."""
        return error_event("", error)

    def _renamed(self, events: bytes) -> bytes:
        """Put the alias for the name that the first event gave the model."""
        if self._names is None and b'"model"' in events:
            self._names = _replacements(events, self._alias)
        for theirs, ours in self._names or ():
            events = events.replace(theirs, ours)
        return events

    def _numbered(self, whole: bytes) -> bytes:
        """Give tool calls that share an index one each; only what begins a call is parsed as long as all is well."""
        separator = _separator(whole)
        return separator.join(
            self._renumbered(event)
            if b'"tool_calls"' in event and (self._calls.has_moved or b'"name"' in event)
            else event
            for event in whole.split(separator)
        )

    def _renumbered(self, event: bytes) -> bytes:
        head, _, data = event.partition(b"data:")
        try:
            chunk = orjson.loads(data)
            is_wrong = [
                self._calls.put_right(choice["delta"]["tool_calls"], choice.get("index") or 0)
                for choice in chunk["choices"]
                if (choice.get("delta") or {}).get("tool_calls")
            ]
        except SENSELESS_ERRORS:
            return event
        return head + b"data: " + orjson.dumps(chunk) if any(is_wrong) else event

    def _without_usage(self, whole: bytes) -> bytes:
        separator = _separator(whole)
        return b"".join(
            event + separator
            for event in whole.split(separator)
            if event and (b'"usage"' not in event or self._is_shown(event))
        )

    def _is_shown(self, event: bytes) -> bool:
        try:
            chunk = orjson.loads(event.partition(b"data:")[2])
        except orjson.JSONDecodeError:
            return True
        usage = usage_of(chunk)
        if usage is None:
            return True
        self.usage = usage
        return self._is_usage_wanted or bool(chunk.get("choices"))


def _separator(events: bytes) -> bytes:
    return b"\r\n\r\n" if b"\r\n\r\n" in events else b"\n\n"


def _replacements(events: bytes, alias: str) -> list[tuple[bytes, bytes]]:
    """Return what must be put for what, however the server writes its JSON."""
    first = next(line for line in events.splitlines() if b'"model"' in line)
    try:
        name = orjson.loads(first.partition(b"data:")[2]).get("model")
    except (orjson.JSONDecodeError, AttributeError):
        return []
    if not isinstance(name, str) or name == alias:
        return []
    theirs, ours = orjson.dumps(name), orjson.dumps(alias)
    return [(b'"model":' + space + theirs, b'"model":' + space + ours) for space in (b"", b" ")]
