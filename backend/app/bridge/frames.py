"""The numbered frames that answer a request: `queued`, `delta`, `final`, `error`. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from app.errors import PortalError

Frame = dict[str, Any]


class Frames:
    """Builds one request's frames, numbered from 1; a gap in `seq` tells the reader that a delta was lost."""

    def __init__(self, request: str) -> None:
        self._request = request
        self._number = 0

    def queued(self, place: int) -> Frame:
        return self._next("queued", place=place)

    def delta(self, text: str, reasoning: str) -> Frame:
        parts = {"text": text, "reasoning": reasoning}
        return self._next("delta", **{name: part for name, part in parts.items() if part})

    def final(self, **fields: Any) -> Frame:
        """The last frame, which stands alone: the whole text and what it cost."""
        return self._next("final", **fields)

    def error(self, error: PortalError) -> Frame:
        said: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.retry_after_seconds is not None:
            said["retry_after"] = error.retry_after_seconds
        return self._next("error", error=said)

    @staticmethod
    def instead_of(frame: Frame, error: PortalError) -> Frame:
        """A last frame in the place of one that cannot be sent."""
        said = {"code": error.code, "message": error.message}
        return {"id": frame["id"], "seq": frame["seq"], "type": "error", "error": said}

    def _next(self, kind: str, **fields: Any) -> Frame:
        self._number += 1
        return {"id": self._request, "seq": self._number, "type": kind, **fields}


def encode(frame: Frame) -> bytes:
    return orjson.dumps(frame)
