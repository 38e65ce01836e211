"""The adapter to an API that does not speak chat completions, by a mapping that is data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from app.llm.errors import LLMError, ProviderProtocolError, ProviderRejectedError, StreamInterruptedError
from app.llm.providers.base import Health, Timeouts
from app.llm.providers.chunked import ChunkedProvider, as_text
from app.llm.providers.mapping import Frames, Mapping, find
from app.llm.providers.transport import Endpoint, Transport
from app.llm.types import Chunk

_HEALTH_SECONDS = 3.0


class TranslatedProvider(ChunkedProvider):
    """It has text alone: no tools, no images, no logprobs."""

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str,
        mapping: Mapping,
        *,
        timeouts: Timeouts,
        is_private_allowed: bool | None = None,
    ) -> None:
        super().__init__(name)
        self._mapping = mapping
        self._endpoint = Endpoint(base_url.rstrip("/"), api_key)
        self._transport = Transport(name, timeouts, is_private_allowed)

    async def check_health(self) -> Health:
        """Ask the mapping's `health_path`; without one the server counts as healthy."""
        if not self._mapping.health_path:
            return Health(True, 0.0, "Its health is not checked: the mapping has no health_path.")
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            await self._transport.check(self._endpoint, self._mapping.health_path, seconds=_HEALTH_SECONDS)
        except LLMError as error:
            return Health(False, 1000 * (loop.time() - started), error.message)
        return Health(True, 1000 * (loop.time() - started))

    async def close(self) -> None:
        await self._transport.close()

    async def chunks(self, chat: dict[str, Any], *, is_stream: bool) -> AsyncGenerator[Chunk]:
        """Yield the answer as the mapping finds it."""
        mapping = self._mapping
        body = mapping.body({**chat, "messages": [self._plain(message) for message in chat["messages"]]})
        if not is_stream or mapping.stream_path is None:
            for chunk in await self._ask(body):
                yield chunk
            return
        response = await self._transport.open_stream(
            self._endpoint, mapping.stream_path, body, closes_after=False
        )
        frames = Frames(mapping.framing, self.name)
        has_finished = False
        try:
            while not has_finished:
                piece = await self._transport.next_piece(response)
                for frame in frames.feed(piece, is_last=not piece):
                    self._raise_for(find(mapping.stream_error, frame))
                    text = frame if mapping.framing == "text" else find(mapping.stream_content, frame)
                    if text is not None and text != "":
                        yield Chunk(content=as_text(text))
                    has_finished = has_finished or bool(find(mapping.stream_finished, frame))
                if not piece:
                    break
        finally:
            response.close()
        if mapping.stream_finished and not has_finished:
            raise StreamInterruptedError(
                "The model server ended its answer in the middle.", provider=self.name
            )
        yield Chunk(finish_reason="stop")

    def _plain(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return a message whose content is a text; many clients send it as a list of parts."""
        parts = message.get("content")
        if not isinstance(parts, list):
            return message
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        if len(texts) < len(parts) or not all(isinstance(text, str) for text in texts):
            raise ProviderRejectedError("This model takes text alone.", provider=self.name, status=400)
        return {**message, "content": "\n".join(map(str, texts))}

    async def _ask(self, body: Any) -> list[Chunk]:
        response = await self._transport.open_stream(
            self._endpoint, self._mapping.path, body, closes_after=False, is_stream=False
        )
        try:
            data = b""
            while piece := await self._transport.next_piece(response):
                data += piece
        finally:
            response.close()
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ProviderProtocolError(
                "The model server's answer is no JSON.", provider=self.name
            ) from error
        self._raise_for(find(self._mapping.error, answer))
        content = find(self._mapping.content, answer)
        if content is None:
            raise ProviderProtocolError(
                "The model server's answer has nothing where the mapping looks for its text.",
                provider=self.name,
                is_retryable=True,
            )
        finish = find(self._mapping.finish_reason, answer)
        reason = finish if finish in ("stop", "length", "content_filter") else "stop"
        return [
            Chunk(content=as_text(content)),
            Chunk(finish_reason=reason, usage=self._mapping.usage(answer)),
        ]

    def _raise_for(self, problem: Any) -> None:
        """Raise what an answer of status 200 says went wrong; addresses and keys are blanked out of it."""
        if not problem:
            return
        said = as_text(problem)
        for secret in self._endpoint.secrets:
            said = said.replace(secret, "…") if secret else said
        raise LLMError(f"The model server failed: {said[:500]}", provider=self.name, is_retryable=True)
