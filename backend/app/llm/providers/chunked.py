"""What adapters share that make an answer's chunks themselves, for APIs that do not speak chat completions."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson

from app.kit.ids import new_id
from app.llm.errors import ProviderRejectedError
from app.llm.providers.base import Health
from app.llm.providers.registry import GENERIC, OwnRoute
from app.llm.providers.wire import renamed, request_body
from app.llm.types import Chunk, CompletionRequest, Usage


class ChunkedProvider(ABC):
    """Implements `Provider` on `chunks`, which a kind of provider has to bring."""

    kind_name: None = None

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def chunks(self, chat: dict[str, Any], *, is_stream: bool) -> AsyncGenerator[Chunk]:
        """Yield the answer to a body of chat completions; closing it ends the work. Raises LLMError."""

    @abstractmethod
    async def check_health(self) -> Health: ...

    @abstractmethod
    async def close(self) -> None: ...

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        """Yield the answer's chunks; closing the iterator closes the connection. Raises LLMError."""
        async with aclosing(self.chunks(request_body(request, GENERIC), is_stream=True)) as chunks:
            async for chunk in chunks:
                yield chunk

    def has_own(self, route: OwnRoute) -> bool:
        """Return False: what there is is made of chunks."""
        return False

    async def ask_own(self, method: str, path: str) -> Any:
        """Raise ProviderRejectedError: there is no such route."""
        raise ProviderRejectedError("This model answers chat completions only.", provider=self.name)

    async def relay(
        self,
        path: str,
        body: dict[str, Any],
        *,
        is_stream: bool,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Yield a chat completion in OpenAI's format. Raises ProviderRejectedError for another route."""
        if path != "/v1/chat/completions":
            raise ProviderRejectedError(
                "This model answers chat completions only.", provider=self.name, status=400
            )
        head = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": body.get("model")}
        chat = renamed(body, "max_completion_tokens", "max_tokens")
        async with aclosing(self.chunks(chat, is_stream=is_stream)) as chunks:
            if not is_stream:
                yield whole_completion(head, [chunk async for chunk in chunks])
                return
            async for chunk in chunks:
                yield completion_event(head, chunk)
            yield b"data: [DONE]\n\n"

    async def count_tokens(self, text: str, model: str) -> int | None:
        """Return None: there is no tokenizer to ask."""
        return None

    async def models(self) -> list[dict[str, Any]]:
        """Return nothing: what can be asked for is what the definitions name."""
        return []


def as_text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def whole_completion(head: dict[str, Any], chunks: list[Chunk]) -> bytes:
    """Return the chunks as one answer."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(chunk.content for chunk in chunks),
    }
    if reasoning := "".join(chunk.reasoning for chunk in chunks):
        message["reasoning_content"] = reasoning
    if calls := merged_calls(chunks):
        message["tool_calls"] = calls
    finish = next((chunk.finish_reason for chunk in chunks if chunk.finish_reason), "stop")
    usage = next((chunk.usage for chunk in reversed(chunks) if chunk.usage), None)
    answer: dict[str, Any] = {
        **head,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    return orjson.dumps({**answer, "usage": _usage(usage)} if usage is not None else answer)


def completion_event(head: dict[str, Any], chunk: Chunk) -> bytes:
    """Return a chunk as a server-sent event."""
    delta: dict[str, Any] = {}
    if chunk.content:
        delta["content"] = chunk.content
    if chunk.reasoning:
        delta["reasoning_content"] = chunk.reasoning
    if chunk.tool_calls:
        delta["tool_calls"] = chunk.tool_calls
    if delta:
        delta["role"] = "assistant"
    is_usage_alone = chunk.usage is not None and not delta and chunk.finish_reason is None
    choice = {"index": 0, "delta": delta, "finish_reason": chunk.finish_reason}
    choices = [] if is_usage_alone else [choice]
    event: dict[str, Any] = {**head, "object": "chat.completion.chunk", "choices": choices}
    if chunk.usage is not None:
        event["usage"] = _usage(chunk.usage)
    return b"data: " + orjson.dumps(event) + b"\n\n"


def merged_calls(chunks: list[Chunk]) -> list[dict[str, Any]]:
    """Put the pieces of streamed tool calls together."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in (piece for chunk in chunks for piece in chunk.tool_calls or ()):
        empty: dict[str, Any] = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        call = calls.setdefault(piece.get("index", len(calls)), empty)
        function = piece.get("function") or {}
        call["id"] = piece.get("id") or call["id"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""
    return [calls[index] for index in sorted(calls)]


def _usage(usage: Usage) -> dict[str, int]:
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }
