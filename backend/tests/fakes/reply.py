"""What the fake model server is told to do, what it records, and its bytes on the wire."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from aiohttp import web

IMAGE_TOKENS = 100
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")


def pieces(text: str) -> list[str]:
    """Split a text into the fake's tokens; `''.join(pieces(text)) == text`."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """Count the fake's tokens in a text."""
    return len(pieces(text))


@dataclass
class Reply:
    """What the server does with one request; the default streams an echo of the last message and ends well.

    Args:
        text: the answer; None echoes the last message as "You said: …".
        chunks: the answer cut as given instead of into tokens.
        reasoning: thinking sent first, by `reasoning_field` ("think" puts it in the content as <think>…</think>).
        chunk_delay_seconds: pause before each chunk.
        first_delay_seconds: pause before the first byte of the answer.
        progress: `return_progress` fractions sent before the first token, if the request asks for them.
        stall_before_headers, stall_before_first, stall_after: never go on from there (stall_after: number of chunks).
        status: answer this HTTP status with `error` instead.
        close_before_bytes: close the socket without an answer.
        cut_after: close the socket after so many chunks.
        malformed_after: send a line that is no JSON after so many chunks.
        error_after: send an error object inside the stream after so many chunks.
        split_bytes: write the stream in pieces of so many bytes, each in a write of its own.
        raw: bytes sent as the answer's body as they are, as `content_type`.
    """

    text: str | None = None
    chunks: list[str] | None = None
    reasoning: str = ""
    reasoning_field: Literal["reasoning_content", "reasoning", "think"] = "reasoning_content"
    tool_calls: list[dict[str, Any]] | None = None
    finish_reason: str = "stop"
    chunk_delay_seconds: float = 0.0
    first_delay_seconds: float = 0.0
    progress: list[float] = field(default_factory=list)
    progress_delay_seconds: float = 0.0
    stall_before_headers: bool = False
    stall_before_first: bool = False
    stall_after: int | None = None
    status: int = 200
    error: dict[str, Any] | None = None
    retry_after: str | None = None
    close_before_bytes: bool = False
    cut_after: int | None = None
    malformed_after: int | None = None
    error_after: int | None = None
    split_bytes: int | None = None
    newline: str = "\n"
    comments: bool = False
    has_usage: bool = True
    has_done: bool = True
    raw: bytes | None = None
    content_type: str = "text/event-stream"

    def whole(self, answer: dict[str, Any]) -> web.Response:
        """Return an answer that is not streamed."""
        if self.raw is not None:
            return web.Response(body=self.raw, content_type=self.content_type)
        return web.json_response(answer)


@dataclass
class Recorded:
    """A request as it arrived; `aborted_at` and `ended_at` are `time.monotonic()` instants."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    chunks_sent: int = 0
    cached_tokens: int = 0
    prompt_tokens: int = 0
    aborted_at: float | None = None
    ended_at: float | None = None


class EventWriter:
    """Writes events, whole or split at arbitrary bytes."""

    def __init__(self, response: web.StreamResponse, reply: Reply) -> None:
        self._response = response
        self._split = reply.split_bytes
        self._newline = reply.newline.encode()

    async def event(self, data: dict[str, Any]) -> None:
        await self.write(b"data: " + orjson.dumps(data) + self._newline * 2)

    async def write(self, data: bytes) -> None:
        if self._split is None:
            await self._response.write(data)
            return
        for start in range(0, len(data), self._split):
            await self._response.write(data[start : start + self._split])
            await asyncio.sleep(0)


def prompt_pieces(messages: list[dict[str, Any]]) -> list[str]:
    prompt: list[str] = []
    for message in messages:
        prompt += ["<|", message["role"], "|>", *content_pieces(message.get("content")), "<|end|>"]
    return [*prompt, "<|", "assistant", "|>"]


def shared_prefix(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return min(count, len(left) - 1)


def content_pieces(content: Any) -> list[str]:
    """Split a message's content; an image is IMAGE_TOKENS tokens of its own."""
    if not isinstance(content, list):
        return pieces(str(content or ""))
    found: list[str] = []
    for part in content:
        found += (
            pieces(part["text"]) if "text" in part else [f"<image {part['image_url']['url']}>"] * IMAGE_TOKENS
        )
    return found


def last_text(messages: list[dict[str, Any]]) -> str:
    content = messages[-1].get("content")
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if "text" in part)
    return str(content or "")


def progress_object(fraction: float) -> dict[str, Any]:
    return {"total": 1000, "cache": 0, "processed": round(1000 * fraction), "time_ms": 1}


def unauthorized() -> web.Response:
    error = {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}
    return web.json_response({"error": error}, status=401)


def overflow(prompt_tokens: int, context_window: int) -> web.Response:
    error = {
        "code": 400,
        "message": "the request exceeds the available context size",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": prompt_tokens,
        "n_ctx": context_window,
    }
    return web.json_response({"error": error}, status=400)
