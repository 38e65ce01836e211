"""What is logged of a request and its answer is bounded, and a stream that is cut is logged as far as it came."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from app.llm.providers.content_log import MAX_CHARS, ContentLog
from app.llm.types import ChatMessage, Chunk, CompletionRequest, Sampling


class _Provider:
    name = "small"

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        yield Chunk(reasoning="hm ")
        for _ in range(100_000):
            yield Chunk(content="word ")

    async def relay(
        self, path: str, body: dict[str, Any], *, is_stream: bool, headers: object = None
    ) -> AsyncGenerator[bytes]:
        yield b"data: one"
        raise ConnectionError


def _logged() -> ContentLog:
    return ContentLog(_Provider())  # type: ignore[arg-type]


async def test_long_texts_and_images_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + 100_000 * "A"}}
    text = {"type": "text", "text": "what is it? \udcff"}
    request = CompletionRequest("m", (ChatMessage("user", [image, text]),), Sampling())
    async with aclosing(_logged().stream(request)) as chunks:
        count = 0
        async for _ in chunks:
            count += 1
            if count == 50_000:
                break
    asked, answered = caplog.messages
    assert asked.startswith("to small: ") and "what is it? " in asked
    assert answered.startswith("from small: hm word word")
    assert max(len(asked), len(answered)) < MAX_CHARS + 50


async def test_an_answer_that_breaks_is_logged_as_far_as_it_came(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with pytest.raises(ConnectionError):
        async for _ in _logged().relay("/v1/chat/completions", {"messages": ["hi"]}, is_stream=True):
            pass
    assert caplog.messages == ['to small: {"messages":["hi"]}', "from small: data: one"]
