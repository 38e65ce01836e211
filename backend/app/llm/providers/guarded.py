"""A provider behind its circuit breaker: who is in use, what fails, and nothing sent to a server that is down."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from app.llm.breaker import Breaker
from app.llm.errors import LLMError, ProviderAuthenticationError, ProviderUnreachableError
from app.llm.ports import Provider, ProviderHealth
from app.llm.providers.registry import OwnRoute
from app.llm.types import Chunk, CompletionRequest


class GuardedProvider:
    """Implements `Provider` on another one. What a caller did wrong is no failure of the server.

    `in_use` counts requests under way, so that a replaced provider can be closed when its last one has ended.
    """

    def __init__(self, provider: Provider, breaker: Breaker) -> None:
        self.name = provider.name
        self.breaker = breaker
        self.in_use = 0
        self._provider = provider

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        """Yield the answer's chunks. Raises ProviderUnreachableError at once while the breaker is open."""
        async with self._entered(), aclosing(self._provider.stream(request)) as chunks:
            async for chunk in chunks:
                yield chunk

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
        """Yield the answer's bytes. Raises ProviderUnreachableError at once while the breaker is open."""
        self._enter()
        pieces = self._provider.relay(path, body, is_stream=is_stream, headers=headers)
        try:
            async for piece in pieces:
                yield piece
        except BaseException as error:
            self._note(error)
            raise
        else:
            self.breaker.succeed()
        finally:
            self.in_use -= 1
            await pieces.aclose()

    async def count_tokens(self, text: str, model: str) -> int | None:
        """Count by the server's own tokenizer; None while the breaker is open."""
        return await self._provider.count_tokens(text, model) if self.breaker.state == "closed" else None

    async def models(self) -> list[dict[str, Any]]:
        return await self._provider.models()

    async def check_health(self) -> ProviderHealth:
        return await self._provider.check_health()

    async def close(self) -> None:
        await self._provider.close()

    @asynccontextmanager
    async def _entered(self) -> AsyncIterator[None]:
        self._enter()
        try:
            yield
        except BaseException as error:
            self._note(error)
            raise
        else:
            self.breaker.succeed()
        finally:
            self.in_use -= 1

    def _enter(self) -> None:
        if not self.breaker.enter():
            raise ProviderUnreachableError(
                "The model server has failed several times and is left alone for a moment.",
                provider=self.name,
                is_retryable=True,
                retry_after_seconds=max(1.0, self.breaker.wait_seconds),
            )
        self.in_use += 1

    def _note(self, error: BaseException) -> None:
        if isinstance(error, LLMError) and is_servers_fault(error):
            self.breaker.fail()
        else:
            self.breaker.leave()


def is_servers_fault(error: LLMError) -> bool:
    """Whether an error says that the server is not well. Too many requests say that it is busy, not that it is down."""
    if error.status == 429:
        return False
    return error.is_retryable or isinstance(error, ProviderAuthenticationError)
