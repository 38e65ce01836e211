"""Refuses request bodies above a size, whether they declare it or stream past it."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooLargeError
from app.web.error_handlers import send_error


class BodyLimitMiddleware:
    """Pure ASGI: 413 by `content-length` before a byte is read, else as soon as the bytes pass the limit.

    Bytes are counted only where no length is declared: the HTTP parser ends a body at its declared length.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        declared = _declared_size(scope)
        if declared is None:
            return self.app(scope, self._counted(receive), send)
        if declared > self.max_bytes:
            return send_error(self._error(), scope, receive, send)
        return self.app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self.max_bytes:
                    # FastAPI turns any other exception of a body's reading into a 400
                    raise HTTPException(413, self._error().message)
            return message

        return limited_receive

    def _error(self) -> TooLargeError:
        megabytes = self.max_bytes / 1_048_576
        return TooLargeError(f"The request body is larger than {megabytes:g} MiB (MAX_BODY_BYTES).")


def _declared_size(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None
