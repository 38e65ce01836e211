"""A provider that is configured and cannot be used: it says why, to whoever asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from app.llm.errors import ProviderUnreachableError
from app.llm.providers.base import Health
from app.llm.providers.chunked import ChunkedProvider
from app.llm.types import Chunk


class UnusableProvider(ChunkedProvider):
    """Refuses everything, so that the models it stands for are asked of other targets."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self._why = why

    async def chunks(self, chat: dict[str, Any], *, is_stream: bool) -> AsyncGenerator[Chunk]:
        """Raise ProviderUnreachableError."""
        if self._why:
            message = "This model's provider cannot be used as it is configured."
            raise ProviderUnreachableError(message, provider=self.name, is_retryable=True)
        yield Chunk()

    async def check_health(self) -> Health:
        """Say why."""
        return Health(False, 0.0, self._why)

    async def close(self) -> None:
        """Do nothing: there is nothing open."""
