"""Writes what goes to a model and what comes back into the log: only where whoever runs the portal has switched it on."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson

from app.llm.ports import Provider, ProviderHealth
from app.llm.providers.registry import OwnRoute
from app.llm.types import Chunk, CompletionRequest

logger = logging.getLogger("portal.content")

MAX_CHARS = 8000
"""Of one request or answer, whatever its length."""
_MAX_STRING_CHARS = 4000  # an image in a message is no text to read


class ContentLog:
    """Implements `Provider` on another one. Headers, and with them every key, are never seen here."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self._provider = provider

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        """Yield the answer's chunks; the request is logged before, the answer after, whole or cut."""
        self._log("to", [{"role": one.role, "content": one.content} for one in request.messages])
        text: list[str] = []
        length = 0
        try:
            async with aclosing(self._provider.stream(request)) as chunks:
                async for chunk in chunks:
                    if length < MAX_CHARS:
                        piece = chunk.reasoning + chunk.content
                        text.append(piece)
                        length += len(piece)
                    yield chunk
        finally:
            self._log("from", "".join(text))

    def has_own(self, route: OwnRoute) -> bool:
        return self._provider.has_own(route)

    async def ask_own(self, method: str, path: str) -> Any:
        return await self._provider.ask_own(method, path)

    async def relay(
        self,
        path: str,
        body: dict[str, Any],
        *,
        is_stream: bool,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Yield the answer's bytes; both are logged as they are."""
        self._log("to", body)
        parts: list[bytes] = []
        length = 0
        try:
            relayed = self._provider.relay(path, body, is_stream=is_stream, headers=headers)
            async with aclosing(relayed) as pieces:
                async for piece in pieces:
                    if length < MAX_CHARS:
                        parts.append(piece)
                        length += len(piece)
                    yield piece
        finally:
            self._log("from", b"".join(parts).decode(errors="replace"))

    async def count_tokens(self, text: str, model: str) -> int | None:
        return await self._provider.count_tokens(text, model)

    async def models(self) -> list[dict[str, Any]]:
        return await self._provider.models()

    async def check_health(self) -> ProviderHealth:
        return await self._provider.check_health()

    async def close(self) -> None:
        await self._provider.close()

    def _log(self, direction: str, content: Any) -> None:
        text = content if isinstance(content, str) else _as_text(_shortened(content))
        logger.info(
            "%s %s: %s", direction, self.name, text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"
        )


def _as_text(content: Any) -> str:
    return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _shortened(content: Any) -> Any:
    """Cut every long text within: base64 would push out what a person wants to read."""
    if isinstance(content, str):
        text = content.encode(errors="replace").decode()
        return text if len(text) <= _MAX_STRING_CHARS else f"{text[:_MAX_STRING_CHARS]}…"
    if isinstance(content, dict):
        return {name: _shortened(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_shortened(value) for value in content]
    return content
