"""A server's own response under the portal's id: its events as they come, numbered anew. Bytes in, bytes out; no I/O.

The face of `ResponseEncoder`, for answers that need no translation: what the portal does not know passes.
"""

from __future__ import annotations

from typing import Any

import orjson

from app.gateway.response_events import CUT, SENSELESS
from app.llm.providers.sse import SSEDecoder

_OPENINGS = ("response.created", "response.queued")
_OURS = ("id", "model", "previous_response_id", "conversation", "background", "store")
_ENDS = ("completed", "incomplete", "failed", "cancelled")


class OwnEncoder:
    """Takes one response. `response` is what it is at any time, as the caller sees it.

    Args:
        response: how it begins: the portal's id, the alias, what it goes on from.
        told: how many events its reader has had already; what the server says of the same is left out.
        goes_on_alone: the server works on it whether or not anybody reads: a stream that breaks is no end.
    """

    def __init__(self, response: dict[str, Any], told: int = 0, *, goes_on_alone: bool = False) -> None:
        self.response = response
        self.has_ended = False
        self.pieces: list[int] | None = None
        self.last = b""
        self.their_id = ""
        self.is_stored_there = False
        self._ours = {name: response[name] for name in _OURS if name in response}
        self.goes_on_alone = goes_on_alone
        self.is_adrift = False
        """The stream of one that goes on alone has broken: its server must be asked for the end."""
        self._begun = response
        self._decoder = SSEDecoder()
        self._told = told
        self._number = told

    @property
    def has_failed(self) -> bool:
        return bool(self.response["status"] == "failed")

    def begin(self) -> list[bytes]:
        """Return nothing: the server tells that it has begun."""
        return []

    def start(self) -> list[bytes]:
        """Return nothing, for the same reason."""
        self.pieces = []
        return []

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that these bytes complete."""
        return [made for event in self._decoder.feed(data) for made in self._event(event)]

    def take(self, whole: bytes) -> None:
        """Take an answer that was not streamed."""
        try:
            self._map(orjson.loads(whole))
        except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
            self.fail(SENSELESS["code"], SENSELESS["message"])
        self.has_ended = True

    def finish(self, now: int) -> list[bytes]:
        """Return what is left; a stream that has no end failed."""
        events = [made for event in self._decoder.flush() for made in self._event(event)]
        return events if self.has_ended else [*events, *self._broken(CUT)]

    def fail(self, code: str, message: str) -> list[bytes]:
        """Return the end of a response that failed."""
        if self.has_ended:
            return []
        self.response = {**self.response, "error": {"code": code, "message": message}}
        return [self._end("failed")]

    def cancel(self) -> list[bytes]:
        """Return the end of a response that was stopped."""
        return [] if self.has_ended else [self._end("cancelled")]

    def conclude(self, theirs: Any) -> list[bytes]:
        """Return the end of a response that its server was asked for after its stream had broken."""
        if self.has_ended or not isinstance(theirs, dict) or theirs.get("status") not in _ENDS:
            return []
        self._map(theirs)
        return [self._end(str(self.response["status"]))]

    def again(self) -> bytes:
        """Return the last event as the response is now."""
        self._number -= 1
        return self._made(f"response.{self.response['status']}", {"response": self.response})

    def _event(self, data: bytes) -> list[bytes]:
        if self.has_ended or data == b"[DONE]":
            return []
        try:
            event = orjson.loads(data)
            kind = event.get("type")
            if kind is None and isinstance(event.get("error"), dict):
                return self._broken(event["error"])
            if kind == "error":
                return self.fail(str(event.get("code") or "upstream_error"), str(event.get("message") or ""))
            if isinstance(event.get("response"), dict):
                event["response"] = self._map(event["response"])
        except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
            return self.fail(SENSELESS["code"], SENSELESS["message"])
        if kind in _OPENINGS and self._told:
            return []
        self.has_ended = str(kind).removeprefix("response.") in _ENDS
        return [self._made(str(kind), event)]

    def _broken(self, error: dict[str, Any]) -> list[bytes]:
        if self.goes_on_alone and self.their_id:
            self.is_adrift = True
            return []
        return self.fail(str(error.get("code")), str(error.get("message")))

    def _map(self, theirs: dict[str, Any]) -> dict[str, Any]:
        """Take a response as its server tells it, under the portal's ids."""
        if not isinstance(theirs.get("output", []), list) or not isinstance(theirs.get("status"), str):
            raise ValueError("no response")
        self.their_id = str(theirs.get("id") or "")
        # a server that does not say that it stores may not know the id again, and would lose what was said
        is_kept = theirs.get("store") is True or theirs.get("background") is True
        self.is_stored_there = bool(self.their_id) and is_kept
        self.response = {**self._begun, **theirs, **self._ours}
        return self.response

    def _end(self, status: str) -> bytes:
        self.has_ended = True
        self.response["status"] = status
        return self._made(f"response.{status}", {"response": self.response})

    def _made(self, name: str, data: dict[str, Any]) -> bytes:
        rest = {key: value for key, value in data.items() if key not in ("type", "sequence_number")}
        event = orjson.dumps({"type": name, "sequence_number": self._number, **rest})
        self._number += 1
        self.last = event
        return event
