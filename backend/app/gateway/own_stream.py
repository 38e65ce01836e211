"""What is changed in a stream of a server's own format that passes: nothing but a message's model. It reads the usage. No I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from app.errors import PortalError, render_anthropic, render_openai
from app.gateway.deltas import known_count
from app.kit.logging import request_id_var
from app.llm.providers.sse import SSEDecoder
from app.llm.types import Usage

RESPONSES = "/v1/responses"
MESSAGES = "/v1/messages"
OWN_PATHS = (RESPONSES, MESSAGES)


class OwnStream:
    """Feeds on the bytes of server-sent events of Responses or Messages, and gives whole events back.

    Args:
        path: on which route they were asked for.
    """

    def __init__(self, path: str, alias: str) -> None:
        self._path = path
        self._alias = alias
        self._decoder = SSEDecoder()
        self._reported: dict[str, Any] = {}
        self._has_ended = False
        self._is_counted = False
        self.events = 0
        """How many pieces of text came, for an answer whose server tells no usage: about a token each."""

    @property
    def usage(self) -> Usage | None:
        """What was reported so far; of a message that is cut its prompt, and what came of its answer."""
        if "output_tokens" not in self._reported:
            return None
        usage = own_usage(self._reported)
        return usage if self._is_counted else replace(usage, completion_tokens=self.events)

    @property
    def is_cut(self) -> bool:
        """Whether a message that is over ended without saying so; of a response its reader tells."""
        return self._path == MESSAGES and not self._has_ended

    def feed(self, data: bytes) -> bytes:
        """Return the events that are complete with this piece."""
        return b"".join(self._event(event) for event in self._decoder.feed(data))

    def flush(self) -> bytes:
        """Return what is left when the stream ends."""
        return b"".join(self._event(event) for event in self._decoder.flush())

    def told(self, error: PortalError) -> bytes:
        """Return the event that says how a stream broke."""
        return error_event(self._path, error)

    def _event(self, data: bytes) -> bytes:
        if b"_delta" in data or b".delta" in data:
            self.events += 1
        elif b"message_stop" in data or b'"error"' in data:
            self._has_ended = True
        if b'"usage"' not in data and b'"model"' not in data:
            return _framed(data)
        try:
            event = orjson.loads(data)
            inner = event.get("message") or event.get("response") or event
            if isinstance(inner.get("usage"), dict):
                self._reported.update(inner["usage"])
                # a message tells at its beginning already that it has a token or so
                self._is_counted = event.get("type") != "message_start"
            if event.get("type") != "message_start":
                return _framed(data)
            event["message"]["model"] = self._alias
        except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError):  # a server of its own ideas
            return _framed(data)
        return framed_event("message_start", event)


def own_usage(reported: dict[str, Any]) -> Usage:
    """Read the usage of a response, or of a message, whose input leaves out what the cache had."""
    read, wrote = reported.get("input_tokens_details"), reported.get("output_tokens_details")
    prompt, cached = known_count(reported, "input_tokens"), known_count(read, "cached_tokens")
    if "cache_read_input_tokens" in reported:
        cached = known_count(reported, "cache_read_input_tokens")
        prompt += cached + known_count(reported, "cache_creation_input_tokens")
    return Usage(
        prompt, known_count(reported, "output_tokens"), cached, known_count(wrote, "reasoning_tokens")
    )


def error_event(path: str, error: PortalError) -> bytes:
    """Return the event that says how a stream broke, as the clients of its route understand it."""
    if path.startswith(MESSAGES):  # an event without a name is nothing to Anthropic's SDKs
        return framed_event("error", render_anthropic(error, request_id_var.get()))
    return b"data: " + orjson.dumps(render_openai(error, request_id_var.get())) + b"\n\n"


def framed_event(name: str, data: dict[str, Any]) -> bytes:
    """Return an event with its name before it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


def _framed(data: bytes) -> bytes:
    """Frame an event again; its name is the type that its data begins with, or has somewhere."""
    try:
        name = orjson.loads(data).get("type")
    except (orjson.JSONDecodeError, AttributeError):
        name = None
    if not isinstance(name, str) or not name.isprintable():
        return b"data: %b\n\n" % data
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
