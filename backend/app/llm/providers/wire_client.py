"""HTTP/1.1 to model servers for requests that pass: a protocol over the loop's transport and llhttp, and nothing between.

aiohttp builds a request, a session's headers, cookies and a payload for each call, which costs more than the rest of passing it
on. What this leaves out (TLS, proxies, redirects, compression) `transport` has by aiohttp.
"""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections import deque
from typing import Any, cast

import httptools

from app.llm.providers.addresses import CheckedResolver

_IDLE_SECONDS = 25.0  # servers close after 30 s or later; who comes first is not left to chance
_MAX_IDLE = 512
_PAUSE_BYTES = 1024 * 1024
_RESUME_BYTES = 128 * 1024


class ConnectionBrokenError(ConnectionError):
    """The connection ended before the answer was complete."""


class ConnectFailedError(ConnectionError):
    """No connection could be made."""


class WireConnection(asyncio.Protocol):
    """One connection, one request at a time; also that request's answer, whose body is read by `readany`."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_head = False
        self.has_bytes = False
        self.is_closed = False
        self.idle_since = 0.0
        self._pool: WirePool | None = None
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._parts: deque[bytes] = deque()
        self._held_bytes = 0
        self._is_paused = False
        self._is_complete = True
        self._can_be_kept = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waits_until = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = math.inf

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        if self._is_complete:  # nothing was asked for
            self._abort(ConnectionBrokenError("unexpected bytes"))
            return
        self.has_bytes = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._abort(ConnectionBrokenError(str(error)))
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._is_complete:
            is_ended = self.has_head and not {"content-length", "transfer-encoding"} & self.headers.keys()
            if (
                is_ended and error is None
            ):  # RFC 9112, section 6.3: a body without a length ends with its connection
                self._is_complete = True
            else:
                self._failure = self._failure or ConnectionBrokenError("the connection was closed")
        self._wake()

    # httptools' callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_complete:
            raise ValueError("more than one answer")
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.has_head = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._held_bytes += len(body)
        if self._held_bytes > _PAUSE_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self.has_head:  # an interim answer, 1xx
            self.headers.clear()
            return
        self._can_be_kept = self._parser.should_keep_alive()
        self._is_complete = True

    # A request

    def send(self, pool: WirePool, request: bytes) -> None:
        """Send a whole request."""
        assert self._transport is not None
        self._pool = pool
        self._parser = httptools.HttpResponseParser(self)
        self.status, self.headers = 0, {}
        self.has_head = self.has_bytes = self._is_complete = self._can_be_kept = False
        self._transport.write(request)

    async def head(self, seconds: float) -> None:
        """Wait for the status and the headers. Raises ConnectionBrokenError, TimeoutError."""
        ends_at = time.monotonic() + seconds
        while not self.has_head:
            if self._failure is not None:
                raise self._failure
            await self._wait(ends_at - time.monotonic())

    @property
    def content(self) -> WireConnection:
        """The body; in the shape of aiohttp's answers, which serve the same readers."""
        return self

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def exception(self) -> Exception | None:
        return None if self._parts else self._failure

    def at_eof(self) -> bool:
        """Whether all was read; the connection is kept for the next request then."""
        is_over = self._is_complete and not self._parts
        if is_over and self._can_be_kept:
            self._give_back()
        return is_over

    def read_nowait(self) -> bytes:
        """Return what is there, all of it."""
        if not self._parts:
            return b""
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._held_bytes = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def readany(self, seconds: float = math.inf) -> bytes:
        """Return what has come, empty at the end. Raises ConnectionBrokenError, TimeoutError."""
        while not self._parts:
            if self._failure is not None:
                raise self._failure
            if self.at_eof():
                return b""
            await self._wait(seconds)
        return self.read_nowait()

    async def read(self, max_bytes: int) -> bytes:
        """Return the body, cut at a length."""
        data = b""
        while len(data) < max_bytes and (piece := await self.readany()):
            data += piece
        return data[:max_bytes]

    def close(self) -> None:
        """Let go of the answer: a complete one leaves the connection for the next, any other ends it."""
        if self._is_complete and self._can_be_kept and not self.is_closed:
            self._parts.clear()
            self._held_bytes = 0
            self._give_back()
        elif self._pool is not None:
            self.drop()

    def drop(self) -> None:
        """End the connection, whatever it does."""
        self._pool = None
        self._abort(ConnectionBrokenError("closed"))

    def _give_back(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.take_back(self)

    def _abort(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.is_closed = True
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        self._waits_until = loop.time() + max(0.0, seconds)
        # One timer serves wait after wait: setting and cancelling one for each piece costs more than the piece's bytes.
        if self._waits_until < self._looks_at:
            self._look_at(loop, self._waits_until)
        try:
            await waiter
        finally:
            self._waiter = None

    def _look_at(self, loop: asyncio.AbstractEventLoop, instant: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = instant
        self._timer = loop.call_at(instant, self._look)

    def _look(self) -> None:
        """Expire the wait whose time is over, or look again when it will be."""
        self._looks_at = math.inf
        loop = asyncio.get_running_loop()
        if self._waiter is None or self._waiter.done():
            return
        if loop.time() >= self._waits_until:
            self._waiter.set_exception(TimeoutError())
        elif self._waits_until < math.inf:
            self._look_at(loop, self._waits_until)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class WirePool:
    """The connections to one address.

    Args:
        resolver: refuses addresses that are not allowed; None asks the system and refuses none.
    """

    def __init__(self, host: str, port: int, resolver: CheckedResolver | None) -> None:
        self._host = host
        self._port = port
        self._resolver = resolver
        self._idle: list[WireConnection] = []

    async def connection(self, connect_seconds: float, *, is_new: bool = False) -> WireConnection:
        """Return a connection that nobody uses, or a new one. Raises TimeoutError, ConnectFailedError."""
        while self._idle and not is_new:
            kept = self._idle.pop()
            if not kept.is_closed and time.monotonic() - kept.idle_since < _IDLE_SECONDS:
                return kept
            kept.drop()
        async with asyncio.timeout(connect_seconds):
            return await self._connect()

    def take_back(self, connection: WireConnection) -> None:
        connection.idle_since = time.monotonic()
        if len(self._idle) < _MAX_IDLE and not connection.is_closed:
            self._idle.append(connection)
        else:
            connection.drop()

    def close(self) -> None:
        """Close the connections that nobody uses; the others end with their requests."""
        for connection in self._idle:
            connection.drop()
        self._idle.clear()

    async def _connect(self) -> WireConnection:
        loop = asyncio.get_running_loop()
        last: OSError | None = None
        try:
            for host in await self._hosts():
                try:
                    return (await loop.create_connection(WireConnection, host, self._port))[1]
                except OSError as error:
                    last = error
        except OSError as error:
            last = error
        raise ConnectFailedError("no connection") from last

    async def _hosts(self) -> list[str]:
        if self._resolver is None:
            return [self._host]
        found = await self._resolver.resolve(self._host, self._port, socket.AF_UNSPEC)
        return [result["host"] for result in found]
