"""Reads one streamed answer under three limits: to the first token, between chunks, and in all."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson

from app.llm.errors import (
    LLMError,
    ProviderProtocolError,
    ProviderTimeoutError,
    ProviderUnreachableError,
    StreamInterruptedError,
)
from app.llm.providers.base import Timeouts, error_from_object
from app.llm.providers.sse import SSEDecoder, SSETooLargeError
from app.llm.providers.watchdog import Watchdog
from app.llm.providers.wire import ChunkParser
from app.llm.types import Chunk

_MAX_JSON_BYTES = 32 * 1024 * 1024


class _SilenceError(Exception):
    """Set on the body's reader to wake it when a limit is over."""


class StreamReader:
    """Hands out an answer's chunks in the batches in which they arrive.

    Args:
        started: when the request was sent, in the loop's time; the waits for the first token and in all count from it.
        secrets: address and key, blanked out of the server's own error sentences.
    """

    def __init__(
        self,
        name: str,
        response: aiohttp.ClientResponse,
        timeouts: Timeouts,
        started: float,
        secrets: tuple[str, ...],
    ) -> None:
        self._name = name
        self._response = response
        self._timeouts = timeouts
        self._total_deadline = started + timeouts.total_seconds
        self._secrets = secrets
        self._decoder = SSEDecoder()
        self._parser = ChunkParser()
        self._loop = asyncio.get_running_loop()
        self._watchdog = Watchdog(self._expire)
        self._heard_at = started
        self._is_over = False
        self._failure: LLMError | None = None

    async def next_chunks(self) -> list[Chunk] | None:
        """Return the chunks of the next bytes that hold any, or None at the end.

        A failure that follows good chunks in the same bytes is raised by the next call. Raises LLMError.
        """
        while self._failure is None and not self._is_over:
            chunks: list[Chunk] = []
            try:
                if self._response.content_type == "application/json":
                    await self._take_whole(chunks)
                else:
                    await self._take_received(chunks)
            except LLMError as error:
                self._failure = error
            if chunks:
                return chunks
        if self._failure is not None:
            raise self._failure
        return None

    def close(self) -> None:
        """Close the socket; the server sees it and stops working."""
        self._watchdog.close()
        self._response.close()

    async def _take_received(self, chunks: list[Chunk]) -> None:
        received = await self._receive()
        try:
            events = self._decoder.feed(received) if received else self._decoder.flush()
        except SSETooLargeError as error:
            raise self._senseless("an event without an end") from error
        for event in events:
            self._take(event, chunks)
            if self._is_over:
                return
        if not received:
            self._end(chunks)

    async def _receive(self) -> bytes:
        """Return the next bytes, b"" at the end of the body."""
        has_output = self._parser.has_output
        limit = self._timeouts.chunk_seconds if has_output else self._timeouts.first_token_seconds
        self._watchdog.arm(min(self._heard_at + limit, self._total_deadline))
        try:
            return await self._response.content.readany()
        except _SilenceError as error:
            raise self._timed_out(has_output) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            if self._watchdog.has_expired:
                raise self._timed_out(has_output) from error
            raise self._broken() from error
        finally:
            self._watchdog.disarm()

    def _take(self, event: bytes, chunks: list[Chunk]) -> None:
        """Parse one event's data onto `chunks`."""
        if event == b"[DONE]":
            self._end(chunks)
            return
        try:
            parsed = orjson.loads(event)
            if "error" in parsed and parsed["error"] is not None:
                raise self._refused(parsed["error"])
            chunk = self._parser.parse(parsed)
        except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError, IndexError, ValueError) as error:
            raise self._senseless("an event that is no chat completion") from error
        self._heard_at = self._loop.time()
        if chunk is not None:
            chunks.append(chunk)

    async def _take_whole(self, chunks: list[Chunk]) -> None:
        """Take an answer from a server that does not stream: one JSON object."""
        body = bytearray()
        while received := await self._receive():
            body += received
            if len(body) > _MAX_JSON_BYTES:
                raise self._senseless("an answer without an end")
        self._take(bytes(body), chunks)
        if not self._is_over:
            self._end(chunks)

    def _end(self, chunks: list[Chunk]) -> None:
        """Conclude the stream; one that stops without a finish reason was cut off."""
        self._is_over = True
        rest = self._parser.flush()
        if rest is not None:
            chunks.append(rest)
        if not self._parser.has_finished:
            raise self._broken()

    def _expire(self) -> None:
        self._response.content.set_exception(_SilenceError())
        self._response.close()

    def _timed_out(self, has_output: bool) -> LLMError:
        known: dict[str, Any] = {"provider": self._name, "is_retryable": not has_output}
        if self._loop.time() >= self._total_deadline:
            message = f"The answer took longer than {self._timeouts.total_seconds:g} s in all."
            return ProviderTimeoutError(message, details={"wait": "total"}, **known)
        if has_output:
            message = f"The model server fell silent for {self._timeouts.chunk_seconds:g} s in the middle of its answer."
            return ProviderTimeoutError(message, details={"wait": "chunk"}, **known)
        message = f"No first token from the model server within {self._timeouts.first_token_seconds:g} s."
        return ProviderTimeoutError(message, details={"wait": "first_token"}, **known)

    def _broken(self) -> LLMError:
        if self._parser.has_output:
            return StreamInterruptedError(
                "The model server broke off in the middle of its answer.",
                provider=self._name,
                is_retryable=True,
            )
        return ProviderUnreachableError(
            "The model server closed the connection before it answered.",
            provider=self._name,
            is_retryable=True,
        )

    def _refused(self, error: Any) -> LLMError:
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        return error_from_object(self._name, status, error, secrets=self._secrets)

    def _senseless(self, what: str) -> LLMError:
        return ProviderProtocolError(f"The model server sent {what}.", provider=self._name)
