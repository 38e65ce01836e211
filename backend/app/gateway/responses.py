"""Streams of `/v1` as a pure ASGI response: bytes as they come; a reader who leaves ends the work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.chat.stream import until_disconnect
from app.errors import PortalError, render_openai
from app.kit import sse
from app.kit.logging import request_id_var

logger = logging.getLogger(__name__)
_BUG = "Something went wrong inside the portal. The log has the cause under this request id."


class ByteStream(Response):
    """Sends pieces until their generator ends or the reader leaves; either way the generator is closed."""

    media_type = sse.MEDIA_TYPE

    def __init__(self, pieces: AsyncGenerator[bytes], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers={**sse.HEADERS, **(headers or {})})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pump = asyncio.create_task(self._pump(send), name="byte-stream")
        reader = asyncio.create_task(until_disconnect(receive), name="byte-stream-reader")
        try:
            await asyncio.wait([pump, reader], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, reader):
                task.cancel()
            await asyncio.gather(pump, reader, return_exceptions=True)

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except Exception as error:
            known = error if isinstance(error, PortalError) else PortalError(_BUG)
            if known is not error:
                logger.exception("a stream failed")
            data = b"data: " + orjson.dumps(render_openai(known, request_id_var.get())) + b"\n\n"
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
