"""The adapter to an API by a Python module of the administrator's, for what no mapping can say.

The module has `translate_to_your_format`, `call_your_api`, `translate_from_your_format` and, for streams,
`stream_from_your_api`. It is loaded from the one folder that the settings name; nobody gives a path.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import logging
import re
import stat
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from types import ModuleType
from typing import Any

from app.llm.errors import LLMError, ProviderProtocolError, ProviderTimeoutError
from app.llm.providers.base import Health, Timeouts, error_from_object
from app.llm.providers.chunked import ChunkedProvider
from app.llm.providers.wire import parse_usage
from app.llm.types import Chunk

logger = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NEEDED = ("translate_to_your_format", "call_your_api", "translate_from_your_format")
_HEALTH_SECONDS = 3.0


class ModuleError(ValueError):
    """A module that cannot be used; the message says why."""


def load_module(folder: Path | None, name: str) -> ModuleType:
    """Load `name`.py from the folder. Raises ModuleError."""
    if folder is None:
        raise ModuleError("PROVIDER_MODULES_DIR is not set, so no provider can be a Python module")
    if not NAME.fullmatch(name):
        raise ModuleError(f"{name!r} is no module's name: letters, digits and _ alone, and no path")
    root = folder.resolve()
    path = (root / f"{name}.py").resolve()
    if path.parent != root or not path.is_file():
        raise ModuleError(f"there is no {name}.py in PROVIDER_MODULES_DIR")
    if any(one.stat().st_mode & stat.S_IWOTH for one in (root, path)):
        raise ModuleError(f"{name}.py, or its folder, can be written by everybody on this machine")
    spec = importlib.util.spec_from_file_location(f"portal_provider_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        logger.exception("the provider module %s.py failed while it was loaded", name)
        raise ModuleError(f"{name}.py cannot be loaded: {type(error).__name__}") from error
    if missing := [needed for needed in _NEEDED if not callable(getattr(module, needed, None))]:
        raise ModuleError(f"{name}.py has no {', '.join(missing)}")
    return module


class ModuleProvider(ChunkedProvider):
    """Calls a module's functions; each may be async or not. What they raise becomes a typed error."""

    def __init__(self, name: str, module: ModuleType, *, timeouts: Timeouts) -> None:
        super().__init__(name)
        self._module = module
        self._timeouts = timeouts

    async def chunks(self, chat: dict[str, Any], *, is_stream: bool) -> AsyncGenerator[Chunk]:
        """Yield the answer; a module without `stream_from_your_api` gives it whole."""
        streamed = getattr(self._module, "stream_from_your_api", None) if is_stream else None
        if streamed is None:
            for chunk in _finished(await self._whole(chat)):
                yield chunk
            return
        to_theirs = getattr(self._module, "translate_stream_to_your_format", None)
        data = await self._call(
            to_theirs or self._module.translate_to_your_format, chat["messages"], **_rest(chat)
        )
        has_finished = False
        async with aclosing(self._pieces(streamed, data)) as pieces:
            async for piece in pieces:
                chunk = _chunk(piece)
                has_finished = has_finished or chunk.finish_reason is not None
                yield chunk
        if not has_finished:
            yield Chunk(finish_reason="stop")

    async def check_health(self) -> Health:
        """Ask the module's `is_healthy`; without one it counts as healthy."""
        check = getattr(self._module, "is_healthy", None)
        if check is None:
            return Health(True, 0.0, "Its health is not checked: the module has no is_healthy().")
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                is_healthy = bool(await self._call(check))
        except (LLMError, TimeoutError) as error:
            return Health(False, 1000 * (loop.time() - started), str(error) or "No answer in time.")
        return Health(is_healthy, 1000 * (loop.time() - started))

    async def close(self) -> None:
        """Let the module close what it has open, if it has a `close`."""
        if close := getattr(self._module, "close", None):
            await self._call(close)

    async def _whole(self, chat: dict[str, Any]) -> Chunk:
        try:
            async with asyncio.timeout(self._timeouts.total_seconds):
                data = await self._call(
                    self._module.translate_to_your_format, chat["messages"], **_rest(chat)
                )
                answer = await self._call(self._module.call_your_api, data)
                return _chunk(await self._call(self._module.translate_from_your_format, answer))
        except TimeoutError as error:
            raise self._late(self._timeouts.total_seconds) from error

    async def _pieces(self, streamed: Callable[..., Any], data: Any) -> AsyncGenerator[Any]:
        """Yield what the module's stream yields, under the limits of every stream."""
        found = streamed(data)
        if not isinstance(found, AsyncGenerator):
            raise ProviderProtocolError(
                "stream_from_your_api must be an async generator.", provider=self.name
            )
        seconds = self._timeouts.first_token_seconds
        async with aclosing(found) as pieces:
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise self._late(seconds) from error
                except Exception as error:
                    raise self._typed(error) from error
                seconds = self._timeouts.chunk_seconds
                if piece not in ("", None):
                    yield piece

    async def _call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call one of the module's functions; one that is not async runs in a thread, for it may wait."""
        try:
            if inspect.iscoroutinefunction(function):
                return await function(*arguments, **named)
            found = await asyncio.to_thread(function, *arguments, **named)
            return await found if inspect.isawaitable(found) else found
        except Exception as error:
            raise self._typed(error) from error

    def _typed(self, error: Exception) -> LLMError:
        """Type what a module raised: by the status of an HTTP client's error, else as a failure of the server."""
        if isinstance(error, LLMError):
            return error
        if isinstance(error, TimeoutError):
            return ProviderTimeoutError("The model server timed out.", provider=self.name, is_retryable=True)
        status = getattr(getattr(error, "response", None), "status_code", None) or getattr(
            error, "status", None
        )
        if isinstance(status, int):
            return error_from_object(self.name, status, {})
        logger.warning("the provider module of %s failed", self.name, exc_info=error)
        message = f"The provider's module failed ({type(error).__name__}); the log has the cause."
        return LLMError(message, provider=self.name, is_retryable=True)

    def _late(self, seconds: float) -> LLMError:
        message = f"No answer from the model server within {seconds:g} s."
        return ProviderTimeoutError(message, provider=self.name, is_retryable=True)


def _rest(chat: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in chat.items() if name not in ("messages", "stream", "stream_options")
    }


def _chunk(piece: Any) -> Chunk:
    """Take a text, or an object with any of content, reasoning, tool_calls, finish_reason and usage."""
    if not isinstance(piece, dict):
        return Chunk(content=str(piece))
    usage = piece.get("usage")
    return Chunk(
        content=piece.get("content") or "",
        reasoning=piece.get("reasoning") or "",
        tool_calls=piece.get("tool_calls") or None,
        finish_reason=piece.get("finish_reason"),
        usage=parse_usage(usage, None) if isinstance(usage, dict) else None,
    )


def _finished(chunk: Chunk) -> list[Chunk]:
    return [chunk] if chunk.finish_reason else [chunk, Chunk(finish_reason="stop")]
