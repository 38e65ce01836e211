"""The portal's engine for plain Python: the server's own inside its process, else a runtime on a background thread.

What plain Python makes belongs to the local user, who cannot sign in.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from app.chat.runtime import Runtime
from app.config import Settings, get_settings
from app.db.migrate import upgrade
from app.llm.background import BackgroundSessionManager, OpenedEngine
from app.llm.errors import LLMError
from app.llm.sessions import SessionManager
from app.llm.turns import ChatRequest
from app.llm.types import Caller, ChatMessage, Sampling
from app.users.service import ensure_local_user

_MODEL_WAIT_SECONDS = 60.0
_SERVER_WAIT_SECONDS = 3.0
_WAIT_SLICE_SECONDS = 1.0

Messages = Sequence[Mapping[str, Any]]
Pieces = queue.SimpleQueue[str | BaseException | None]


class _Served:
    """The server's runtime in this process, its loop, and the local user once asked for."""

    def __init__(self, runtime: Runtime, loop: asyncio.AbstractEventLoop) -> None:
        self.runtime = runtime
        self.loop = loop
        self._owner: Caller | None = None

    async def owner(self) -> Caller:
        if self._owner is None:
            self._owner = Caller(await ensure_local_user(self.runtime.database))
        return self._owner


_served: list[_Served] = []


@contextlib.contextmanager
def serving(runtime: Runtime) -> Iterator[None]:
    """Let plain Python in this process use the server's engine; enter it on the server's loop.

    A second engine beside it would load a second model and not see the running turns.
    """
    served = _Served(runtime, asyncio.get_running_loop())
    _served.append(served)
    try:
        yield
    finally:
        _served.remove(served)


class LocalPortal(BackgroundSessionManager):
    """`BackgroundSessionManager` over the configured database and model server; also asks without a session."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(self._open)
        self._settings = settings

    def _home_loop(self) -> asyncio.AbstractEventLoop:
        served = self._server()
        if served is None:
            return super()._home_loop()
        if _running_loop() is served.loop:
            raise RuntimeError(
                "This call would wait for the loop that it runs on. "
                "Call it from a thread: `await asyncio.to_thread(manager.process_message, ...)`."
            )
        return served.loop

    async def _engine(self) -> tuple[SessionManager, Caller]:
        served = self._server()
        if served is None or asyncio.get_running_loop() is not served.loop:
            return await super()._engine()
        return served.runtime.sessions, await served.owner()

    def _server(self) -> _Served | None:
        return _served[-1] if _served and self._settings is None else None

    async def _open(self) -> OpenedEngine:
        settings = self._settings or get_settings()
        await asyncio.to_thread(upgrade, settings.database_url, settings.portal_data_dir)
        runtime = Runtime(settings)
        await runtime.start()
        try:
            owner = Caller(await ensure_local_user(runtime.database))
            if runtime.embedded is not None:
                await runtime.embedded.wait_ready(_MODEL_WAIT_SECONDS)
            await runtime.health.wait_available(_SERVER_WAIT_SECONDS)
        except BaseException:
            await runtime.close()
            raise
        return OpenedEngine(runtime.sessions, owner, runtime.close)

    def ask(self, messages: Messages, sampling: Sampling) -> str:
        """Answer a whole prompt; raises LLMError."""
        return self._call(self._complete(messages, sampling))

    def ask_stream(self, messages: Messages, sampling: Sampling) -> Iterator[str]:
        """Answer a whole prompt piece by piece; leaving early stops the model. Raises LLMError."""
        pieces: Pieces = queue.SimpleQueue()
        work = self._hand_over(pieces, messages, sampling)
        future = asyncio.run_coroutine_threadsafe(work, self._home_loop())
        try:
            while (piece := _next(pieces)) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            future.cancel()

    async def _complete(self, messages: Messages, sampling: Sampling) -> str:
        manager, caller = await self._engine()
        return (await manager.complete(_request(caller, messages, sampling))).content

    async def _hand_over(self, pieces: Pieces, messages: Messages, sampling: Sampling) -> None:
        try:
            manager, caller = await self._engine()
            async with contextlib.aclosing(manager.stream(_request(caller, messages, sampling))) as events:
                async for event in events:
                    data = orjson.loads(event)
                    if "content" in data:
                        pieces.put(data["content"])
                    elif "error" in data:
                        pieces.put(_failure(data["error"]))
        except Exception as error:
            pieces.put(error)
        finally:
            pieces.put(None)


class LLMClient:
    """Asks the configured model, without a session, from any thread; `messages` are `{"role", "content"}` dicts."""

    def __init__(self, portal: LocalPortal | None = None) -> None:
        self._portal = portal or get_session_manager()

    def chat_completion(
        self,
        messages: Messages,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
    ) -> str:
        """Return the whole answer. Raises LLMError."""
        return self._portal.ask(messages, Sampling(temperature, top_p, max_tokens))

    def stream(
        self,
        messages: Messages,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
    ) -> Iterator[str]:
        """Yield the answer's pieces as they come. Raises LLMError."""
        return self._portal.ask_stream(messages, Sampling(temperature, top_p, max_tokens))


_guard = threading.Lock()
_portal: LocalPortal | None = None


def get_session_manager() -> LocalPortal:
    """Return the process's session manager; the engine behind it starts at its first use."""
    global _portal
    with _guard:
        if _portal is None:
            _portal = LocalPortal()
        return _portal


def get_llm_client() -> LLMClient:
    """Return a client on the process's engine."""
    return LLMClient(get_session_manager())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _request(caller: Caller, messages: Messages, sampling: Sampling) -> ChatRequest:
    parsed = tuple(ChatMessage(**message) for message in messages)
    return ChatRequest(caller=caller, messages=parsed, sampling=sampling, door="python")


def _next(pieces: Pieces) -> str | BaseException | None:
    """Wait in slices: on Windows a longer wait would not let Ctrl-C through."""
    while True:
        try:
            return pieces.get(timeout=_WAIT_SLICE_SECONDS)
        except queue.Empty:
            continue


def _failure(said: Mapping[str, str]) -> LLMError:
    error = LLMError(said["message"])
    error.code = said["code"]
    return error
