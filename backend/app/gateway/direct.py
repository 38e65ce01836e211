"""The routes that programs call all day, answered in pure ASGI: what FastAPI does for a request costs more than passing it on.

The routes are described in `endpoints`, which come here too; every error is answered as everywhere else.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.auth.principal import Principal
from app.auth.runtime import AuthRuntime
from app.chat.stream import KEEP_ALIVE_SECONDS, ClientLeftError, run_until_disconnect
from app.errors import UnprocessableError
from app.gateway.bodies import read_body
from app.gateway.cache import AnswerCache
from app.gateway.responses import ByteStream
from app.gateway.service import Begun, GatewayService, Operation
from app.web.error_handlers import answer_error

_REQUIRED: dict[Operation, str] = {
    "chat/completions": "messages",
    "completions": "prompt",
    "embeddings": "input",
}
_OPERATIONS: dict[str, Operation] = {f"/v1/{operation}": operation for operation in _REQUIRED}
_ROUTES = {path: SimpleNamespace(path=path) for path in _OPERATIONS}
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_JSON = (b"content-type", b"application/json")


def is_direct(scope: Scope) -> bool:
    """Whether a request is for one of the routes that are answered here."""
    return scope["type"] == "http" and scope["path"] in _OPERATIONS and scope["method"] == "POST"


class DirectDoor:
    """Answers the requests for which `is_direct` is true."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = _OPERATIONS[scope["path"]]
        scope["route"] = _ROUTES[scope["path"]]  # by which requests are counted
        state = scope["app"].state
        try:
            response = await respond(operation, scope, receive, state.auth_runtime, state)
        except Exception as error:
            response = await answer_error(Request(scope, receive), error)
        await response(scope, receive, send)


class Json(Response):
    """An answer whose JSON is there already."""

    def __init__(self, data: bytes) -> None:
        self.status_code = 200
        self.background = None
        self.body = data
        self.raw_headers = [_JSON, (b"content-length", b"%d" % len(data))]


async def respond(
    operation: Operation, scope: Scope, receive: Receive, auth: AuthRuntime, state: State
) -> Response:
    """Check the caller, count the request, and pass it on, or answer with what is kept. Raises PortalError."""
    gateway: GatewayService = state.gateway
    cache: AnswerCache = state.answer_cache
    principal = await gateway.callers.of(scope, auth.identity)
    await auth.limits.take_request(principal.subjects)
    body = read_body(await _read(receive), _REQUIRED[operation])
    if operation == "chat/completions" and body.get("session_id") is not None:
        return await _turn(principal, body, scope, receive, gateway)
    wish = cache.wish(scope, body)
    if body.get("stream", False):
        if wish is not None and operation == "chat/completions":
            return await stream_of(cache.begin(principal, operation, body, wish), receive)
        return await stream_of(gateway.begin(principal, operation, body), receive)
    if wish is not None:
        return Json(await run_until_disconnect(receive, cache.whole(principal, operation, body, wish)))
    return Json(await run_until_disconnect(receive, gateway.whole(principal, operation, body)))


async def stream_of(opening: Coroutine[Any, Any, Begun], receive: Receive) -> Response:
    """Answer with a stream once it has begun; or, when the model reads for long, begin with comments.

    A refusal that comes before is an HTTP error, one that comes later an error event.
    """
    task = asyncio.ensure_future(opening)
    try:
        await run_until_disconnect(receive, _patiently(task))
    except BaseException:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is None:  # it had just begun
            await task.result().abandon()
        raise
    return ByteStream(task.result().pieces if task.done() else _late(task))


async def _patiently(task: asyncio.Task[Begun]) -> None:
    await asyncio.wait({task}, timeout=KEEP_ALIVE_SECONDS)


async def _late(opening: asyncio.Task[Begun]) -> AsyncGenerator[bytes]:
    try:
        begun = await opening  # being cancelled cancels it
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        raise
    async with aclosing(begun.pieces) as pieces:
        async for piece in pieces:
            yield piece


async def _turn(
    principal: Principal, body: dict[str, Any], scope: Scope, receive: Receive, gateway: GatewayService
) -> Response:
    """Make the request a turn of a conversation."""
    key = Request(scope).headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise UnprocessableError("idempotency-key: 1 to 200 visible characters of ASCII.")
    record = await gateway.start_turn(principal, body, key)
    if body.get("stream", False):
        return ByteStream(gateway.turn_pieces(principal, record, body))
    return Json(await run_until_disconnect(receive, gateway.turn_whole(principal, record)))


async def _read(receive: Receive) -> bytes:
    """Return a request's body; one that is broken off is no request."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return bytes(message.get("body", b""))
    parts = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    raise ClientLeftError
