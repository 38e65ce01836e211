"""A session manager for plain scripts: an engine of its own on a daemon thread, made on first use, closed at exit."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.llm.sessions import SessionManager
from app.llm.sync_face import SyncFace
from app.llm.types import Caller

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """What the factory makes on the background loop."""

    sessions: SessionManager
    caller: Caller
    close: Callable[[], Awaitable[None]]


class BackgroundSessionManager(SyncFace):
    """The synchronous face with an engine of its own.

    Args:
        open_engine: runs on the background loop at the first call; when it fails, the next call tries again.
    """

    def __init__(self, open_engine: Callable[[], Awaitable[OpenedEngine]]) -> None:
        self._open_engine = open_engine
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opened: OpenedEngine | None = None
        self._opening: asyncio.Lock | None = None

    def close(self) -> None:
        """End the engine and its thread; running turns end as interrupted. A later call starts anew."""
        with self._guard:
            loop, thread, opened = self._loop, self._thread, self._opened
            if loop is None or thread is None:
                return
            if opened is not None:
                future = asyncio.run_coroutine_threadsafe(_closed(opened), loop)
                with contextlib.suppress(Exception):
                    future.result(timeout=_CLOSE_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=_CLOSE_SECONDS)
            self._loop = self._thread = self._opened = self._opening = None
        atexit.unregister(self.close)

    def _home_loop(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._loop, self._opening = loop, asyncio.Lock()
                self._thread = threading.Thread(target=_run, args=(loop,), name="prompt-portal", daemon=True)
                self._thread.start()
                # The interpreter waits for the engine's worker threads before it runs atexit's functions,
                # so the end of the main thread is what closes the engine; atexit waits until that is done.
                threading.Thread(
                    target=self._close_with_main_thread, name="prompt-portal-exit", daemon=True
                ).start()
                atexit.register(self.close)
            return self._loop

    async def _engine(self) -> tuple[SessionManager, Caller]:
        assert self._opening is not None
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open_engine()
            return self._opened.sessions, self._opened.caller

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        self.close()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _closed(opened: OpenedEngine) -> None:
    await opened.close()
