"""Server-sent events as a pure ASGI response: numbered events, keep-alive comments, and what a leaving reader ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any, TypeVar

import orjson
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.coord.base import CoordUnavailableError
from app.errors import PortalError, render_event
from app.kit import sse
from app.kit.logging import request_id_var

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
NumberedEvents = AsyncGenerator[tuple[int, bytes]]


T = TypeVar("T")


class ClientLeftError(PortalError):
    """The client closed its connection before the answer; nobody reads this."""

    code, status = "client_left", 499

    def __init__(self) -> None:
        super().__init__("The client closed the connection.")


class EventStream(Response):
    """Sends `(number, data)` pairs until their generator ends or the reader leaves; either way the generator is closed.

    A failure after the first byte becomes an error event. When the shared store goes away the stream just ends, so that
    the reader comes back for the rest with `Last-Event-ID`.
    """

    media_type = sse.MEDIA_TYPE

    def __init__(
        self,
        events: NumberedEvents,
        *,
        status_code: int = 200,  # FastAPI reads this default when it describes the API
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        super().__init__(
            status_code=status_code, headers={**sse.HEADERS, **(headers or {})}, background=background
        )
        del self.headers["content-length"]
        self._events = events
        self._keep_alive_seconds = keep_alive_seconds
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        pump = asyncio.create_task(self._pump(send), name="event-stream")
        others = [
            asyncio.create_task(until_disconnect(receive), name="event-stream-reader"),
            asyncio.create_task(self._keep_alive(send), name="event-stream-keep-alive"),
        ]
        try:
            await asyncio.wait([pump, others[0]], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, *others):
                task.cancel()
            await asyncio.gather(pump, *others, return_exceptions=True)
        if not pump.cancelled():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()

    async def _pump(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        number = 0
        self._sent_at = clock()
        try:
            async with contextlib.aclosing(self._events) as events:
                async for number, data in events:
                    await send(_body(sse.encode(data, number)))
                    self._sent_at = clock()
        except CoordUnavailableError:
            logger.warning("a stream was cut: the shared store went away")
        except PortalError as error:
            await send(_body(sse.encode(error_event(error), number + 1)))
        except Exception:
            logger.exception("a stream failed")
            await send(_body(sse.encode(error_event(PortalError(_BUG)), number + 1)))

    async def _keep_alive(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            silent_seconds = clock() - self._sent_at
            if silent_seconds >= self._keep_alive_seconds:
                await send(_body(sse.KEEP_ALIVE))
                self._sent_at = clock()
            else:
                await asyncio.sleep(self._keep_alive_seconds - silent_seconds)


_BUG = "Something went wrong inside the portal. The log has the cause under this request id."


def error_event(error: PortalError, request_id: str | None = None) -> bytes:
    """Render an error as the data of a terminal event."""
    return orjson.dumps(render_event(error, request_id or request_id_var.get()))


async def until_disconnect(receive: Receive) -> None:
    """Return when the client has left; its body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(data: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": True}


WATCH_AFTER_SECONDS = 0.05
"""A client is watched once its answer takes longer than this: most are answered sooner, and a task each would cost more."""


async def run_until_disconnect(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Run work whose result only this client wants; cancelled, and ended by ClientLeftError, when it leaves."""
    watch = _ClientWatch(receive)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.has_left and watch.worker.uncancel() == 0:
            raise ClientLeftError from None
        raise
    finally:
        watch.stop()


class _ClientWatch:
    """Cancels the task that made it when the client leaves."""

    __slots__ = ("_receive", "_task", "_timer", "has_left", "worker")

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.worker = task
        self.has_left = False
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)

    def stop(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="client-watch")

    async def _watch(self) -> None:
        await until_disconnect(self._receive)
        self.has_left = True
        self.worker.cancel()
