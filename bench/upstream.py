"""A bare model server for benchmarks: chat completions over raw asyncio, instant or paced, so that it costs little itself."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How an answer comes: `chunks` pieces, `interval_seconds` apart (0 is all at once)."""

    chunks: int
    interval_seconds: float


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    body = {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(body).encode() + b"\n\n"


FIRST = _chunk({"role": "assistant", "content": ""})
PIECE = _chunk({"content": "word "})
LAST = _chunk({}, "stop")


def _usage(chunks: int) -> bytes:
    usage = {"prompt_tokens": 20, "completion_tokens": chunks, "total_tokens": 20 + chunks}
    return b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\ndata: [DONE]\n\n"


class Upstream:
    """Serves `/v1/chat/completions` (streams only), `/v1/models` and `/health`."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _content_length(head)
                body = await reader.readexactly(length) if length else b""
                path = head.split(b" ", 2)[1]
                if path.endswith(b"/chat/completions"):
                    await self._stream(writer, json.loads(body))
                    if b"onnection: close" in head:
                        break
                else:
                    _answer(writer, path)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        header = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(header + _framed(FIRST))
        chunks = int(request.get("max_tokens") or self.pace.chunks)  # type: ignore[call-overload]
        for _ in range(chunks):
            writer.write(_framed(PIECE))
            if self.pace.interval_seconds:
                await asyncio.sleep(self.pace.interval_seconds)
        writer.write(_framed(LAST) + _framed(_usage(chunks)) + b"0\r\n\r\n")
        await writer.drain()


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _answer(writer: asyncio.StreamWriter, path: bytes) -> None:
    known = {b"/health": b'{"status":"ok"}', b"/v1/models": b'{"object":"list","data":[{"id":"bench"}]}'}
    body = known.get(path)
    status = b"200 OK" if body else b"404 Not Found"
    body = body or b"{}"
    writer.write(
        b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (status, len(body), body)
    )


async def main() -> None:
    """Serve until killed; prints the port as its first line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=50)
    parser.add_argument("--interval", type=float, default=0.0, help="seconds between chunks")
    options = parser.parse_args()
    upstream = Upstream(Pace(options.chunks, options.interval))
    server = await asyncio.start_server(upstream.handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
