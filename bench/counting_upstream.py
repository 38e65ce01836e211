"""A model server in a thread that counts how often each question was answered; its answer says which time it was."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.upstream import LAST, Pace, Upstream, _chunk, _framed, _usage


class CountingUpstream(Upstream):
    """Answers `{question} #{n}` in a moment; `computed` counts."""

    def __init__(self, seconds: float) -> None:
        super().__init__(Pace(1, 0))
        self.computed: Counter[str] = Counter()
        self.port = 0
        self._seconds = seconds

    async def _stream(self, writer: asyncio.StreamWriter, request: dict[str, object]) -> None:
        messages: Any = request["messages"]
        question = str(messages[-1]["content"])
        self.computed[question] += 1
        header = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        piece = _chunk({"content": f"{question} #{self.computed[question]}"})
        await asyncio.sleep(self._seconds)
        writer.write(header + _framed(piece) + _framed(LAST) + _framed(_usage(1)) + b"0\r\n\r\n")
        await writer.drain()


@contextmanager
def counting_upstream(seconds: float = 0.05) -> Iterator[CountingUpstream]:
    """Serve while the block runs."""
    upstream = CountingUpstream(seconds)
    loop = asyncio.new_event_loop()
    is_there = threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(upstream.handle, "127.0.0.1", 0)
        upstream.port = server.sockets[0].getsockname()[1]
        is_there.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    is_there.wait(10)
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
