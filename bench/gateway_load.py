"""Load for `bench-gateway`: so many connections, each a request after the other, over raw asyncio protocols. Prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass
class Tally:
    """What came back, in seconds and counts."""

    stop_at: float
    left: int
    totals: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    pieces: int = 0
    errors: int = 0
    last_error: str = ""

    def takes_another(self) -> bool:
        if self.left <= 0 or time.perf_counter() >= self.stop_at:
            return False
        self.left -= 1
        return True


class Client(asyncio.Protocol):
    """One connection that asks until the tally has enough."""

    def __init__(self, request: bytes, tally: Tally, is_stream: bool) -> None:
        self._request = request
        self._tally = tally
        self._is_stream = is_stream
        self._held = b""
        self._end: int | None = None
        self._is_chunked = False
        self._started = 0.0
        self._first: float | None = None
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            if self._started:
                self._tally.errors += 1
                self._tally.last_error = "the connection was closed"
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        if self._end is None and not self._is_chunked and not self._read_head():
            return
        if self._is_stream:
            self._count(data)
        if self._is_chunked:
            if self._held.endswith(b"\r\n0\r\n\r\n"):
                self._finish()
            elif len(self._held) > 64:
                self._held = self._held[-64:]
        elif self._end is not None and len(self._held) >= self._end:
            self._finish()

    def _read_head(self) -> bool:
        head, found, body = self._held.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            self._tally.errors += 1
            self._tally.last_error = self._held[:400].decode(errors="replace")
        lowered = head.lower()
        at = lowered.find(b"\r\ncontent-length:")
        if at >= 0:
            self._end = int(lowered[at + 17 :].split(b"\r\n", 1)[0])
        else:
            self._is_chunked = True
        self._held = body
        return True

    def _count(self, data: bytes) -> None:
        found = data.count(b'"content":"word ')
        found += data.count(b'"content": "word ') if not found else 0
        if found:
            self._tally.pieces += found
            if self._first is None:
                self._first = time.perf_counter()
                self._tally.firsts.append(self._first - self._started)

    def _finish(self) -> None:
        self._tally.totals.append(time.perf_counter() - self._started)
        self._held, self._end, self._is_chunked, self._first = b"", None, False, None
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        if not self._tally.takes_another():
            self._started = 0.0
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._started = time.perf_counter()
        self._transport.write(self._request)


def request_bytes(url: str, path: str, key: str, body: dict[str, object], headers: list[str]) -> bytes:
    """Return one HTTP request."""
    data = json.dumps(body).encode()
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *headers,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def quantile(values: list[float], share: float) -> float:
    """Return a value that was measured, in milliseconds; 0 of nothing."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def run(options: argparse.Namespace) -> dict[str, object]:
    is_stream = options.pieces > 0
    body: dict[str, object] = {
        "model": options.model,
        "messages": [
            {"role": "user", "content": "Say something about foxes and dogs, please." + " Do." * 20}
        ],
        "max_tokens": options.pieces or 64,
        **({"stream": True} if is_stream else {}),
    }
    request = request_bytes(options.url, options.path, options.key, body, options.header)
    target = urlsplit(options.url)
    began = time.perf_counter()
    tally = Tally(began + options.seconds, options.requests)
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for number in range(options.connections):
        pause = began + options.spread * number / options.connections - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        _, client = await loop.create_connection(
            lambda: Client(request, tally, is_stream), target.hostname, target.port
        )
        clients.append(client)
    await asyncio.wait([client.done for client in clients], timeout=options.seconds + 15)
    elapsed = time.perf_counter() - began
    return {
        "requests": len(tally.totals),
        "pieces": tally.pieces,
        "errors": tally.errors,
        "last_error": tally.last_error,
        "elapsed_seconds": elapsed,
        "p50_ms": quantile(tally.totals, 0.5),
        "p99_ms": quantile(tally.totals, 0.99),
        "first_p50_ms": quantile(tally.firsts, 0.5),
        "first_p99_ms": quantile(tally.firsts, 0.99),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", default="/v1/chat/completions")
    parser.add_argument("--key", default="none")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--model", default="instant")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--spread", type=float, default=0.0, help="seconds over which the connections begin")
    parser.add_argument("--pieces", type=int, default=0, help="stream, with so many pieces")
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
