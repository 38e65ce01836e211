"""Responses that run in the background of a server that has them itself: asked for, stopped and removed there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from app.gateway.own_responses import StoredAt
from app.gateway.own_stream import RESPONSES
from app.llm.errors import LLMError
from app.models.routes import ModelRoutes

logger = logging.getLogger(__name__)

ACTIVE = ("queued", "in_progress")
_POLL_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.1
_MOST_FAILURES = 150
_STOP_SECONDS = 5.0


class ResponsesElsewhere:
    """Knows where providers are. A server that is away is asked again for a few minutes."""

    def __init__(self, routes: ModelRoutes) -> None:
        self._routes = routes

    async def ended(self, at: StoredAt) -> dict[str, Any] | None:
        """Wait for a response's end and return it; None when it is lost."""
        failures, pause = 0, _FIRST_PAUSE_SECONDS
        while failures < _MOST_FAILURES:
            try:
                found = await self._ask("GET", at)
                failures = 0
            except LLMError as error:
                if not error.is_retryable:
                    logger.warning("a response at %s is lost: %s", at.provider, error.message)
                    return None
                failures, found = failures + 1, None
            if isinstance(found, dict) and found.get("status") not in ACTIVE:
                return found
            await asyncio.sleep(pause)
            pause = min(_POLL_SECONDS, 2 * pause)
        return None

    async def stopped(self, at: StoredAt) -> dict[str, Any] | None:
        """Stop a response and return it; None when its server did not answer."""
        with contextlib.suppress(LLMError, TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                found = await self._ask("POST", at, "/cancel")
                return found if isinstance(found, dict) else None
        logger.warning("a response at %s could not be stopped there", at.provider)
        return None

    async def delete(self, at: StoredAt) -> None:
        """Remove a response; one whose server is away stays there until its own time is over."""
        with contextlib.suppress(LLMError, TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._ask("DELETE", at)

    async def _ask(self, method: str, at: StoredAt, what: str = "") -> Any:
        provider = self._routes.provider(at.provider)
        return await provider.ask_own(method, f"{RESPONSES}/{at.id}{what}")
