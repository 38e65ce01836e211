"""A bare connection to the broker, for bytes that somebody else made: by TCP or by WebSocket, with TLS or without."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from app.bridge.transport import Broker, tls_context

SUBPROTOCOL = "mqtt"
"""MQTT 5.0, section 6: of every WebSocket that carries MQTT, in binary frames that need not be whole packets."""
_CHUNK_BYTES = 64 * 1024
_CLOSE_SECONDS = 1.0


class Wire(Protocol):
    """An open connection."""

    async def send(self, data: bytes) -> None:
        """Send, waiting while the broker is slower. Raises OSError when it has gone."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield what comes until the broker ends it. Raises OSError when the connection breaks."""

    async def close(self) -> None:
        """Let go of the broker."""


async def open_wire(broker: Broker, seconds: float) -> Wire:
    """Connect. Raises OSError or TimeoutError when nobody takes the connection in time."""
    async with asyncio.timeout(seconds):
        return await (_open_websocket(broker) if broker.websocket_path else _open_tcp(broker))


class _TcpWire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def pieces(self) -> AsyncIterator[bytes]:
        while data := await self._reader.read(_CHUNK_BYTES):
            yield data

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class _WebSocketWire:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, data: bytes) -> None:
        try:
            await self._connection.send(data)
        except ConnectionClosed as error:
            raise ConnectionError(str(error)) from error

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for message in self._connection:
                if isinstance(message, bytes):
                    yield message
        except ConnectionClosed as error:
            raise ConnectionError(str(error)) from error

    async def close(self) -> None:
        await self._connection.close()


async def _open_tcp(broker: Broker) -> _TcpWire:
    return _TcpWire(*await asyncio.open_connection(broker.host, broker.port, ssl=tls_context(broker)))


async def _open_websocket(broker: Broker) -> _WebSocketWire:
    host = f"[{broker.host}]" if ":" in broker.host else broker.host
    scheme = "wss" if broker.is_tls else "ws"
    try:
        connection = await connect(
            f"{scheme}://{host}:{broker.port}{broker.websocket_path}",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            ssl=tls_context(broker),
            compression=None,
            proxy=None,  # as the bridge itself connects
            open_timeout=None,
            ping_interval=None,  # MQTT has its own
            close_timeout=_CLOSE_SECONDS,
            max_size=None,
        )
    except WebSocketException as error:
        raise ConnectionError(f"the broker takes no WebSocket at {broker.websocket_path}: {error}") from error
    return _WebSocketWire(connection)
