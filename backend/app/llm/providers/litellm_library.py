"""The adapter to everything that LiteLLM knows, by its library: an optional extra, imported when it is first asked."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from app.llm.errors import (
    LLMError,
    ProviderProtocolError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    StreamInterruptedError,
)
from app.llm.providers.base import Health, Timeouts, error_from_object
from app.llm.providers.chunked import ChunkedProvider
from app.llm.providers.wire import ChunkParser
from app.llm.types import Chunk

logger = logging.getLogger(__name__)

MISSING = (
    "LiteLLM is not installed. Install the extra: pip install --no-deps -r backend/requirements-litellm.lock"
)
_TIMEOUTS = ("Timeout", "APITimeoutError")


class LiteLLMProvider(ChunkedProvider):
    """Asks `litellm.acompletion`. Models are named as LiteLLM names them (`anthropic/…`, `bedrock/…`).

    Args:
        base_url: where the provider is, for those that have no address of their own.
    """

    def __init__(self, name: str, base_url: str, api_key: str, *, timeouts: Timeouts) -> None:
        super().__init__(name)
        self._base_url = base_url
        self._api_key = api_key
        self._timeouts = timeouts
        self._library: Any = None

    async def chunks(self, chat: dict[str, Any], *, is_stream: bool) -> AsyncGenerator[Chunk]:
        """Yield the answer; whole answers come as one chunk."""
        library = await self._loaded()
        parser = ChunkParser()
        async with aclosing(self._events(library, chat, is_stream=is_stream)) as events:
            async for event in events:
                try:
                    chunk = parser.parse(event)
                except (AttributeError, TypeError, KeyError, IndexError) as error:
                    raise ProviderProtocolError(
                        "LiteLLM's answer makes no sense.", provider=self.name
                    ) from error
                if chunk is not None:
                    yield chunk
        if rest := parser.flush():
            yield rest
        if not parser.has_finished:
            raise StreamInterruptedError(
                "The model server ended its answer in the middle.", provider=self.name, is_retryable=True
            )

    async def check_health(self) -> Health:
        """Say whether the library is there; what is behind it is not asked, for that would cost tokens."""
        try:
            await self._loaded()
        except LLMError as error:
            return Health(False, 0.0, error.message)
        return Health(True, 0.0, "LiteLLM is installed; the providers behind it are not asked.")

    async def close(self) -> None:
        """Do nothing: LiteLLM keeps its own clients."""

    async def _loaded(self) -> Any:
        """Import the library, in a thread: it takes seconds. Raises ProviderUnreachableError."""
        if self._library is None:
            try:
                library = await asyncio.to_thread(importlib.import_module, "litellm")
            except ImportError as error:
                raise ProviderUnreachableError(MISSING, provider=self.name, is_retryable=True) from error
            library.telemetry = False  # type: ignore[attr-defined]
            library.suppress_debug_info = True  # type: ignore[attr-defined]
            self._library = library
        return self._library

    async def _events(
        self, library: Any, chat: dict[str, Any], *, is_stream: bool
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield what LiteLLM gives as the objects that a chat-completions server would send."""
        seconds = self._timeouts.first_token_seconds if is_stream else self._timeouts.total_seconds
        known: dict[str, Any] = {**chat, "stream": is_stream, "num_retries": 0, "timeout": seconds}
        if is_stream:
            known["stream_options"] = {"include_usage": True}
        else:
            known.pop("stream_options", None)
        if self._api_key:
            known["api_key"] = self._api_key
        if self._base_url:
            known["api_base"] = self._base_url
        answer = await self._awaited(library.acompletion(**known), seconds)
        if not is_stream:
            yield answer.model_dump()
            return
        try:
            while True:
                try:
                    event = await self._awaited(anext(answer), seconds)
                except StopAsyncIteration:
                    return
                seconds = self._timeouts.chunk_seconds
                yield event.model_dump()
        finally:
            close = getattr(answer, "aclose", None)
            if close is not None:
                await close()

    async def _awaited(self, work: Any, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise self._typed(error, seconds) from error

    def _typed(self, error: Exception, seconds: float) -> LLMError:
        """Type LiteLLM's exception by the status that it carries; its words may hold addresses and keys."""
        if isinstance(error, TimeoutError) or type(error).__name__ in _TIMEOUTS:
            message = f"No answer from the model server within {seconds:g} s."
            return ProviderTimeoutError(message, provider=self.name, is_retryable=True)
        status = getattr(error, "status_code", None)
        headers = getattr(error, "litellm_response_headers", None) or {}
        if not isinstance(status, int):
            logger.warning("LiteLLM failed for %s", self.name, exc_info=error)
            return LLMError("The model server failed.", provider=self.name, is_retryable=True)
        facts = {"message": str(error), "code": getattr(error, "code", None)}
        secrets = (self._api_key, self._base_url)
        return error_from_object(self.name, status, facts, headers.get("retry-after"), secrets)
