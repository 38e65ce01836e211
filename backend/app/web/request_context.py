"""Gives every request an id, answers with it and with what parts below want told, and logs requests that failed or were slow."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.answer_headers import answer_headers_var
from app.kit.ids import new_id
from app.kit.logging import request_id_var
from app.web.secret_paths import loggable

logger = logging.getLogger("portal.request")
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class RequestContextMiddleware:
    """Pure ASGI. A caller's own `x-request-id` is kept when it is a plain token, else a new one is made."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        token = request_id_var.set(request_id)
        added: dict[str, str] = {}
        answer_headers_var.set(added)
        started = time.perf_counter()
        status = 500

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_id(message["headers"], request_id, added)
            return send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            elapsed_ms = (time.perf_counter() - started) * 1000
            level = logging.WARNING if status >= 500 else logging.DEBUG
            if logger.isEnabledFor(level):
                logger.log(
                    level, "%s %s %d %.1f ms", scope["method"], loggable(scope["path"]), status, elapsed_ms
                )
            request_id_var.reset(token)


def _with_id(
    given: Iterable[tuple[bytes, bytes]], request_id: str, added: Mapping[str, str]
) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with the id and what was added; an answer keeps what it says itself."""
    headers, present = list(given), dict(given)
    if b"x-request-id" in present:
        headers = [pair for pair in headers if pair[0] != b"x-request-id"]
    headers.append((b"x-request-id", request_id.encode()))
    for name, value in added.items():
        if (encoded := name.encode()) not in present:
            headers.append((encoded, value.encode()))
    return headers


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTED_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return new_id()
