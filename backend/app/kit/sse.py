"""Server-sent events on the wire (WHATWG HTML, section 9.2)."""

from __future__ import annotations

KEEP_ALIVE = b": keep-alive\n\n"
MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}


def encode(data: bytes, number: int | None = None) -> bytes:
    """Frame one event; `data` must be a single line (JSON is), `number` becomes its `id:`."""
    if number is None:
        return b"data: %b\n\n" % data
    return b"id: %d\ndata: %b\n\n" % (number, data)
