"""`op: completion`: text that a model goes on with, by the portal's `/v1/completions`, as events like those of a chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal, Protocol

import orjson
from pydantic import Field

from app.auth.principal import Principal
from app.chat.llm_schemas import Generation
from app.chat.schemas import Text
from app.chat.stream import NumberedEvents


class CompletionBody(Generation):
    """The text to go on with, as the model gets it: no chat template is put around it."""

    prompt: Text
    stop: Annotated[list[str] | str | None, Field(max_length=100)] = None
    seed: int | None = None


class RawCompletions(Protocol):
    """The door for requests in OpenAI's format, with its limits and its accounts."""

    async def open(
        self, principal: Principal, operation: Literal["completions"], body: dict[str, Any]
    ) -> Any:
        """Return an answer that has begun. Raises PortalError."""
        ...

    def pieces(self, passed: Any) -> AsyncGenerator[bytes]:
        """Yield whole server-sent events, the last of them an error if it broke."""
        ...


async def completion_events(
    door: RawCompletions, principal: Principal, body: CompletionBody
) -> NumberedEvents:
    """Begin a completion and return its events. Raises PortalError."""
    wanted = body.model_dump(exclude_none=True)
    passed = await door.open(
        principal, "completions", {**wanted, "stream": True, "stream_options": {"include_usage": True}}
    )
    return _events(door.pieces(passed))


async def _events(pieces: AsyncGenerator[bytes]) -> NumberedEvents:
    done: dict[str, Any] = {"done": True}
    number = 0
    async with aclosing(pieces):
        async for piece in pieces:
            for chunk in _chunks(piece):
                number += 1
                if "error" in chunk:
                    yield number, orjson.dumps({"error": chunk["error"]})
                    return
                _take_ending(chunk, done)
                if text := "".join(choice.get("text") or "" for choice in chunk.get("choices") or []):
                    yield number, orjson.dumps({"content": text})
    yield number + 1, orjson.dumps(done)


def _chunks(piece: bytes) -> list[dict[str, Any]]:
    lines = [line[5:].strip() for line in piece.splitlines() if line.startswith(b"data:")]
    return [orjson.loads(line) for line in lines if line != b"[DONE]"]


def _take_ending(chunk: dict[str, Any], done: dict[str, Any]) -> None:
    for name in ("model", "usage"):
        if chunk.get(name) is not None:
            done[name] = chunk[name]
    for choice in chunk.get("choices") or []:
        if choice.get("finish_reason"):
            done["finish_reason"] = choice["finish_reason"]
