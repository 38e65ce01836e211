"""A model server for `bench-gateway`: chat completions over a raw asyncio protocol, so that it costs next to nothing itself.

`max_tokens` says how many pieces an answer has; the model `paced` sends one each 20 ms, every other model all at once.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import uvloop

INTERVAL_SECONDS = 0.02
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_MODELS = ("instant", "paced")


def _dumps(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _event(model: str, delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": model,
    }
    return _framed(b"data: " + _dumps({**head, "choices": [choice]}) + b"\n\n")


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _end(model: str, pieces: int) -> bytes:
    usage = {"prompt_tokens": 20, "completion_tokens": pieces, "total_tokens": 20 + pieces}
    head = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": model,
    }
    last = _framed(b"data: " + _dumps({**head, "choices": [], "usage": usage}) + b"\n\n")
    return _event(model, {}, "stop") + last + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _whole(model: str) -> bytes:
    message = {"role": "assistant", "content": "The quick brown fox jumps over the lazy dog. " * 4}
    answer = {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 40, "total_tokens": 60},
    }
    return _dumps(answer)


_FIRST = {model: _event(model, {"role": "assistant", "content": ""}) for model in _MODELS}
_PIECE = {model: _event(model, {"content": "word "}) for model in _MODELS}
_WHOLE = {model: _HEAD % (len(_whole(model)), _whole(model)) for model in _MODELS}
_OTHER = {
    b"/health": _HEAD % (15, b'{"status":"ok"}'),
    b"/v1/models": _HEAD
    % (
        len(
            listed := _dumps(
                {"object": "list", "data": [{"id": model, "object": "model"} for model in _MODELS]}
            )
        ),
        listed,
    ),
}
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Connection(asyncio.Protocol):
    """One connection; a request at a time."""

    def __init__(self) -> None:
        self._held = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, rest = self._held.partition(b"\r\n\r\n")
        if not found:
            return
        length = _content_length(head)
        if len(rest) < length:
            return
        self._held = rest[length:]
        self._answer(head.split(b" ", 2)[1], rest[:length], is_last=b"onnection: close" in head)

    def _answer(self, path: bytes, body: bytes, *, is_last: bool) -> None:
        assert self._transport is not None
        if not path.endswith(b"/chat/completions"):
            self._transport.write(_OTHER.get(path, _NOT_FOUND))
            return
        request = json.loads(body)
        model = "paced" if "paced" in request["model"] else "instant"
        if not request.get("stream"):
            self._transport.write(_WHOLE[model])
            return
        pieces = int(request.get("max_tokens") or 50)
        if model == "instant":
            self._transport.write(_STREAM_HEAD + _FIRST[model] + pieces * _PIECE[model] + _end(model, pieces))
            if is_last:
                self._transport.close()
            return
        self._transport.write(_STREAM_HEAD + _FIRST[model] + _PIECE[model])
        loop = asyncio.get_running_loop()
        self._next(loop, loop.time() + INTERVAL_SECONDS, pieces, pieces - 1, is_last)

    def _next(
        self, loop: asyncio.AbstractEventLoop, at: float, pieces: int, left: int, is_last: bool
    ) -> None:
        assert self._transport is not None
        if left:
            self._timer = loop.call_at(at, self._piece, loop, at, pieces, left, is_last)
            return
        self._transport.write(_end("paced", pieces))
        if is_last:
            self._transport.close()

    def _piece(
        self, loop: asyncio.AbstractEventLoop, at: float, pieces: int, left: int, is_last: bool
    ) -> None:
        assert self._transport is not None
        self._transport.write(_PIECE["paced"])
        self._next(loop, at + INTERVAL_SECONDS, pieces, left - 1, is_last)


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def main() -> None:
    """Serve until killed; prints the port as its first line."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
