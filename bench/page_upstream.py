"""A model server for the page's benchmark: streams Markdown at a steady rate, by the clock and not by pauses added up."""

from __future__ import annotations

import argparse
import asyncio
import json

from bench.page_content import long_answer
from bench.upstream import FIRST, LAST, Pace, Upstream


class MarkdownUpstream(Upstream):
    """Serves the same answer to everybody, a token at a time."""

    async def _stream(self, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head + _framed(FIRST))
        clock = asyncio.get_running_loop()
        started = clock.time()
        for number, piece in enumerate(long_answer(self.pace.chunks)):
            writer.write(_framed(_chunk(piece)))
            due = started + number * self.pace.interval_seconds
            if due > clock.time():
                await asyncio.sleep(due - clock.time())
        writer.write(_framed(LAST) + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()


def _chunk(piece: str) -> bytes:
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    body = {"id": "c", "object": "chat.completion.chunk", "model": "bench", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def main() -> None:
    """Serve until killed; prints the port as its first line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, required=True)
    parser.add_argument("--interval", type=float, required=True, help="seconds between chunks")
    options = parser.parse_args()
    upstream = MarkdownUpstream(Pace(options.chunks, options.interval))
    server = await asyncio.start_server(upstream.handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
