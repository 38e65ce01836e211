"""The synchronous face of sessions, for any thread: with or without a running event loop, it blocks only its caller."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import orjson

from app.llm.errors import LLMError
from app.llm.ports import TurnEngine
from app.llm.turns import TurnRequest
from app.llm.types import Caller, Sampling

T = TypeVar("T")

_CANCEL_SECONDS = 2.0
_SLICE_SECONDS = 1.0


class SyncFace(ABC):
    """What plain code calls. The work runs on a home loop in another thread; the caller waits.

    A KeyboardInterrupt, or leaving a stream early, cancels the turn.
    """

    def process_message(
        self,
        session_id: str,
        system_prompt: str | None,
        user_message: str,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        use_tools: bool = True,
        use_history: bool = True,
        max_history_messages: int | None = None,
    ) -> str:
        """Send a message in a session and return the whole answer.

        `use_tools` is accepted for callers that pass it; a session's turn has no tools of its own.
        Raises LLMError (and what the store raises) when the turn failed.
        """
        sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
        return self._call(
            self._answer(session_id, system_prompt, user_message, sampling, use_history, max_history_messages)
        )

    def process_message_stream(
        self,
        session_id: str,
        system_prompt: str | None,
        user_message: str,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        use_tools: bool = True,
        use_history: bool = True,
        max_history_messages: int | None = None,
    ) -> Iterator[str]:
        """Send a message in a session and yield the answer's pieces as they come. Raises like `process_message`."""
        sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
        pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        work = self._pump(
            pieces, session_id, system_prompt, user_message, sampling, use_history, max_history_messages
        )
        ended = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_told(work, ended), self._home_loop())
        try:
            while (piece := _next(pieces)) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            _cancel(future, ended)

    def clear_session(self, session_id: str) -> bool:
        """Delete a session; False when there was none."""

        async def clear() -> bool:
            engine, caller = await self._engine()
            return await engine.clear(caller, session_id)

        return self._call(clear())

    def get_session_history(self, session_id: str) -> list[dict[str, Any]]:
        """Return the session's messages, oldest first, as `{"role", "content"}`; empty when there is no session."""

        async def history() -> list[dict[str, Any]]:
            engine, caller = await self._engine()
            messages = await engine.history(caller, session_id)
            return [{"role": message.role, "content": message.content} for message in messages or ()]

        return self._call(history())

    @abstractmethod
    def _home_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that does the work; it runs in another thread than the caller's."""

    @abstractmethod
    async def _engine(self) -> tuple[TurnEngine, Caller]:
        """Return what answers, and who owns what this face makes; runs on the home loop."""

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            loop = self._home_loop()
        except BaseException:
            work.close()
            raise
        ended = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_told(work, ended), loop)
        try:
            return _result(future)
        except BaseException:
            _cancel(future, ended)
            raise

    async def _answer(
        self,
        session_id: str,
        system_prompt: str | None,
        message: str,
        sampling: Sampling,
        use_history: bool,
        max_history_messages: int | None,
    ) -> str:
        engine, caller = await self._engine()
        request = _request(
            caller, session_id, system_prompt, message, sampling, use_history, max_history_messages
        )
        record = await engine.start_turn(request)
        try:
            result = await engine.wait(record.turn_id, record)
        except asyncio.CancelledError:
            await engine.cancel(record.turn_id)
            raise
        if result.error is not None:
            raise result.error
        return result.outcome.content

    async def _pump(
        self,
        pieces: queue.SimpleQueue[str | BaseException | None],
        session_id: str,
        system_prompt: str | None,
        message: str,
        sampling: Sampling,
        use_history: bool,
        max_history_messages: int | None,
    ) -> None:
        """Hand the answer's pieces over to the waiting thread; None ends them, an exception is raised there."""
        try:
            engine, caller = await self._engine()
            request = _request(
                caller, session_id, system_prompt, message, sampling, use_history, max_history_messages
            )
            record = await engine.start_turn(request)
            try:
                async for event in engine.events(record.turn_id):
                    data = orjson.loads(event.data)
                    if "content" in data:
                        pieces.put(data["content"])
                    elif "error" in data:
                        pieces.put(_failure(data["error"]))
            except asyncio.CancelledError:
                await engine.cancel(record.turn_id)
                raise
        except Exception as error:
            pieces.put(error)
        finally:
            pieces.put(None)


async def _told(work: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await work
    finally:
        ended.set()


def _result(future: concurrent.futures.Future[T]) -> T:
    """Wait for a result, in slices: on Windows a longer wait would not let Ctrl-C through."""
    while True:
        concurrent.futures.wait((future,), timeout=_SLICE_SECONDS)
        if future.done():
            return future.result()


def _next(pieces: queue.SimpleQueue[T]) -> T:
    while True:
        try:
            return pieces.get(timeout=_SLICE_SECONDS)
        except queue.Empty:
            continue


def _cancel(future: concurrent.futures.Future[T], ended: threading.Event) -> None:
    """Cancel what still runs, and wait until the turn has been told so."""
    if future.cancel():
        ended.wait(_CANCEL_SECONDS)


def _request(
    caller: Caller,
    session_id: str,
    system_prompt: str | None,
    message: str,
    sampling: Sampling,
    use_history: bool,
    max_history_messages: int | None,
) -> TurnRequest:
    return TurnRequest(
        caller=caller,
        session_id=session_id,
        message=message,
        system_prompt=system_prompt,
        sampling=sampling,
        door="python",
        use_history=use_history,
        max_history_messages=max_history_messages,
    )


def _failure(said: dict[str, str]) -> LLMError:
    error = LLMError(said["message"])
    error.code = said["code"]
    return error
