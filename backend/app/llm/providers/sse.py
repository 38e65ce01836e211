"""Parse server-sent events from bytes as they arrive (WHATWG HTML, section 9.2); lines and UTF-8 may be split anywhere."""

from __future__ import annotations

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class SSETooLargeError(ValueError):
    """An event grew past MAX_EVENT_BYTES without an end."""


class SSEDecoder:
    """Collects bytes and hands out the data of complete events.

    Fields other than `data` are dropped, but for `error`: old llama.cpp servers frame errors that way.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._has_carriage_return = False
        self._is_at_start = True

    def feed(self, received: bytes) -> list[bytes]:
        """Return the data of the events that `received` completes, in order. Raises SSETooLargeError."""
        if (
            not self._buffer
            and not self._data
            and received.startswith(b"data: ")
            and received.endswith(b"\n\n")
            and received.count(b"\n") == 2
            and b"\r" not in received
        ):
            # A paced stream: one whole event at a time.
            self._is_at_start = False
            return [received[6:-2]]
        buffer = self._buffer + received if self._buffer else received
        if self._is_at_start:
            if len(buffer) < 3 and _BOM.startswith(buffer):
                self._buffer = buffer
                return []
            self._is_at_start = False
            buffer = buffer.removeprefix(_BOM)
        lines, self._buffer = self._split(buffer)
        events: list[bytes] = []
        for line in lines:
            self._line(line, events)
        if len(self._buffer) + self._data_bytes > MAX_EVENT_BYTES:
            raise SSETooLargeError
        return events

    def flush(self) -> list[bytes]:
        """Return what an ended stream left without its blank line; servers that forget it are common."""
        events: list[bytes] = []
        line = self._buffer.removesuffix(b"\r")
        self._buffer = b""
        if line:
            self._line(line, events)
        self._line(b"", events)
        return events

    def _split(self, buffer: bytes) -> tuple[list[bytes], bytes]:
        """Split into complete lines and a rest; a trailing CR waits, for it may be half of a CRLF."""
        if b"\r" not in buffer:
            lines = buffer.split(b"\n")
            return lines, lines.pop()
        waits = buffer.endswith(b"\r")
        body = buffer[:-1] if waits else buffer
        lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop()
        return lines, rest + b"\r" if waits else rest

    def _line(self, line: bytes, events: list[bytes]) -> None:
        if line.startswith(b"data: "):
            self._append(line[6:])
        elif not line:
            if self._data:
                events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data = []
                self._data_bytes = 0
        elif line.startswith(b"data:"):
            self._append(line[5:])
        elif line.startswith(b"error:"):
            self._append(b'{"error":' + line[6:].strip() + b"}")

    def _append(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value)
