"""Streams of `/v1` as a pure ASGI response: bytes as they come; a reader who leaves ends the work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.chat.stream import KEEP_ALIVE_SECONDS, ClientLeftError, run_until_disconnect
from app.errors import PortalError
from app.gateway.own_stream import error_event
from app.kit import sse

logger = logging.getLogger(__name__)
_BUG = "Something went wrong inside the portal. The log has the cause under this request id."


class ByteStream(Response):
    """Sends pieces until their generator ends or the reader leaves; either way the generator is closed.

    Each piece is whole events, so that a comment can go between two of them: while nothing is sent for
    `keep_alive_seconds` one keeps proxies from closing the stream.
    """

    media_type = sse.MEDIA_TYPE

    def __init__(
        self,
        pieces: AsyncGenerator[bytes],
        headers: Mapping[str, str] | None = None,
        *,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        super().__init__(headers={**sse.HEADERS, **(headers or {})})
        del self.headers["content-length"]
        self._pieces = pieces
        self._keep_alive_seconds = keep_alive_seconds
        self._has_started = False
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._comment: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientLeftError):
            await run_until_disconnect(receive, self._pump(scope.get("path", ""), send))

    async def _pump(self, path: str, send: Send) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        self._look_later(send, self._keep_alive_seconds)
        try:
            # The generator is entered before anything is sent: one that never ran could not clean up.
            async for piece in self._pieces:
                await self._send(send, piece)
        except Exception as error:
            known = error if isinstance(error, PortalError) else PortalError(_BUG)
            if known is not error:
                logger.exception("a stream failed")
            await self._send(send, error_event(path, known))
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._pieces.aclose()
        await self._send(send, b"", more_body=False)

    async def _send(self, send: Send, data: bytes, *, more_body: bool = True) -> None:
        if self._comment is not None:
            await self._comment
            self._comment = None
        await self._start(send)
        await send({"type": "http.response.body", "body": data, "more_body": more_body})
        self._sent_at = asyncio.get_running_loop().time()

    async def _start(self, send: Send) -> None:
        if not self._has_started:
            self._has_started = True
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )

    def _look_later(self, send: Send, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look, send)

    def _look(self, send: Send) -> None:
        """Send a comment when it is time, and look again."""
        loop = asyncio.get_running_loop()
        silent_seconds = loop.time() - self._sent_at
        if silent_seconds >= self._keep_alive_seconds and self._comment is None:
            self._comment = loop.create_task(self._send_comment(send), name="keep-alive")
            self._sent_at, silent_seconds = loop.time(), 0.0
        elif self._comment is not None and self._comment.done():
            self._comment = None
        self._look_later(send, max(0.05, self._keep_alive_seconds - silent_seconds))

    async def _send_comment(self, send: Send) -> None:
        await self._start(send)
        await send({"type": "http.response.body", "body": sse.KEEP_ALIVE, "more_body": True})
