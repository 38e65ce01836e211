"""Asks an adapter as the engine does; every failure is checked for secrets on the way."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from app.llm.errors import LLMError
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.types import ChatMessage, Chunk, CompletionRequest, Sampling

KEY = "sk-canary-7f3a"
QUICK = Timeouts(connect_seconds=1, first_token_seconds=0.25, chunk_seconds=0.25, total_seconds=5)


def ask(text: str = "hello there", **sampling: Any) -> CompletionRequest:
    return CompletionRequest("fake-model", (ChatMessage("user", text),), Sampling(**sampling))


async def collect(
    provider: OpenAICompatibleProvider, request: CompletionRequest | None = None
) -> list[Chunk]:
    async with aclosing(provider.stream(request or ask())) as stream:
        return [chunk async for chunk in stream]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.content for chunk in chunks)


async def failure(provider: OpenAICompatibleProvider) -> tuple[str, LLMError]:
    """Return what came before the failure, and the failure."""
    text = ""
    with pytest.raises(LLMError) as caught:
        async with aclosing(provider.stream(ask())) as stream:
            async for chunk in stream:
                text += chunk.content
    error = caught.value
    for secret in (KEY, "127.0.0.1", "http://"):
        assert secret not in error.message
    return text, error
