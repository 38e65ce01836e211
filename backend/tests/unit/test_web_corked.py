"""What the portal's own HTTP protocol sends: byte for byte what uvicorn's does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.corked import CorkedProtocol
from app.web.security_headers import SecurityHeadersMiddleware

PLAIN = (b"content-type", b"text/plain")
ANSWERS: dict[str, tuple[int, list[tuple[bytes, bytes]], list[bytes]]] = {
    "/length": (200, [PLAIN, (b"content-length", b"2")], [b"ok"]),
    "/chunks": (200, [PLAIN], [b"one", b"two"]),
    "/declared-chunks": (200, [(b"Transfer-Encoding", b"chunked")], [b"one"]),
    "/close": (200, [(b"Connection", b"x, Close"), (b"content-length", b"2")], [b"ok"]),
    "/nothing": (204, [(b"X-Own", b"Mixed Case")], [b""]),
    "/cookies": (200, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"0")], [b""]),
    "/forged-value": (200, [(b"content-type", b"a\r\nx-evil: 1")], [b""]),
    "/forged-name": (200, [(b"x-a: b\r\nx-evil", b"1")], [b""]),
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    status, headers, parts = ANSWERS[scope["path"]]
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    for number, part in enumerate(parts, 1):
        await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})


@contextlib.asynccontextmanager
async def serving(protocol: type[HttpToolsProtocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(
        SecurityHeadersMiddleware(app, is_https=True),
        interface="asgi3",
        port=0,
        http=protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def exchange(port: int, method: str, path: str, version: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/{version}\r\nhost: portal\r\n"
    writer.write(f"{head}\r\n{head}connection: close\r\n\r\n".encode())  # two on one connection
    data = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return data


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_bytes_are_uvicorns(method: str, version: str) -> None:
    async with serving(CorkedProtocol) as ours, serving(HttpToolsProtocol) as theirs:
        for path in ANSWERS:
            mine, wanted = [await exchange(port, method, path, version) for port in (ours, theirs)]
            assert mine == wanted, path
            assert b"x-evil" not in mine


@pytest.mark.parametrize(
    "lengths",
    [
        b"content-length: 2\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 2\r\n",
        b"content-length: 2\r\ncontent-length: 40\r\n",
        b"content-length: +2\r\n",
    ],
)
async def test_a_body_is_never_longer_than_it_is_declared(lengths: bytes) -> None:
    """The limit of bodies believes a declared length."""
    async with serving(CorkedProtocol) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /length HTTP/1.1\r\nhost: portal\r\n" + lengths + b"\r\n20\r\n" + 32 * b"x")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400 ")
        writer.close()
