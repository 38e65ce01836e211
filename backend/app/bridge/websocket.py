"""MQTT over WebSocket on the portal's own address: carries bytes between a browser and the broker, which checks who it is.

So a page needs no second port, and TLS ends where the portal's does. It reads nothing of what it carries but the first byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.bridge.transport import Broker
from app.bridge.wire import SUBPROTOCOL, Wire, open_wire
from app.web.origins import is_own_origin

logger = logging.getLogger(__name__)

PATH = "/mqtt"
_CONNECT = 0x10  # the first byte of an MQTT client's first packet
_FIRST_PACKET_SECONDS = 10.0
_BROKER_SECONDS = 5.0
_MAX_OPEN = 1_000
_REFUSED, _TRY_AGAIN = 1008, 1013


class WebSocketDoor:
    """The browsers that are connected through this process."""

    def __init__(self, broker: Broker, public_url: str, origins: list[str]) -> None:
        self.open_count = 0
        self._broker = broker
        self._public_url = public_url
        self._origins = origins

    async def carry(self, websocket: WebSocket) -> None:
        """Serve one browser until either side ends."""
        if SUBPROTOCOL not in websocket.scope["subprotocols"] or not self._may_come(websocket):
            await websocket.close(_REFUSED)
            return
        if self.open_count >= _MAX_OPEN:
            await websocket.close(_TRY_AGAIN)
            return
        self.open_count += 1
        try:
            await websocket.accept(SUBPROTOCOL)
            await self._serve(websocket)
        except WebSocketDisconnect:
            pass
        finally:
            self.open_count -= 1

    def _may_come(self, websocket: WebSocket) -> bool:
        headers = websocket.headers
        return is_own_origin(headers.get("origin"), headers.get("host"), self._public_url, self._origins)

    async def _serve(self, websocket: WebSocket) -> None:
        first = await _first_packet(websocket)
        if first is None:
            await websocket.close(_REFUSED)
            return
        try:
            wire = await open_wire(self._broker, _BROKER_SECONDS)
        except (OSError, TimeoutError) as error:
            logger.warning("the MQTT broker does not answer a browser: %s", error)
            await websocket.close(_TRY_AGAIN)
            return
        try:
            await _first_of(_to_broker(websocket, wire, first), _to_browser(wire, websocket))
        finally:
            await wire.close()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the browser left first
            await websocket.close()


async def _first_packet(websocket: WebSocket) -> bytes | None:
    """Return what the browser says first; None when that is no MQTT, or nothing."""
    try:
        async with asyncio.timeout(_FIRST_PACKET_SECONDS):
            message = await websocket.receive()
    except TimeoutError:
        return None
    data: bytes = message.get("bytes") or b""
    return data if data[:1] == bytes([_CONNECT]) else None


async def _to_broker(websocket: WebSocket, wire: Wire, first: bytes) -> None:
    await wire.send(first)
    while True:
        message = await websocket.receive()
        data = message.get("bytes")
        if message["type"] == "websocket.disconnect" or data is None:
            return
        await wire.send(data)


async def _to_browser(wire: Wire, websocket: WebSocket) -> None:
    async for data in wire.pieces():
        await websocket.send_bytes(data)


async def _first_of(*ways: Coroutine[Any, Any, None]) -> None:
    """Run both directions; when one ends, so does the other."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError | WebSocketDisconnect):
                logger.warning("a browser's MQTT connection ended: %r", outcome)
