"""Whether the model can answer: probed in the background and on demand, never on the path of a chat request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.kit.clock import Clock, SystemClock
from app.llm.errors import LLMError
from app.models.targets import TargetTable

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 10.0
UNHEALTHY_INTERVAL_SECONDS = 1.0
CACHE_SECONDS = 2.0
ON_DEMAND_WAIT_SECONDS = 3.0
_RELIST_SECONDS = 60.0
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """What the last probe found; the message carries no address and no key."""

    is_available: bool
    latency_ms: float | None
    message: str
    checked_at: float


class HealthMonitor:
    """Keeps the newest answer of one model server, and tells the target table which models it offers.

    Args:
        why_away: says in words for everybody why the server is away (the embedded one is starting), else None.
    """

    def __init__(
        self,
        targets: TargetTable,
        *,
        why_away: Callable[[], str | None] = lambda: None,
        clock: Clock | None = None,
    ) -> None:
        self._targets = targets
        self._why_away = why_away
        self._clock = clock or SystemClock()
        self._state = ModelHealth(False, None, "The model was not asked yet.", float("-inf"))
        self._listed_at = float("-inf")
        self._probe: asyncio.Task[ModelHealth] | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    @property
    def state(self) -> ModelHealth:
        """What the last probe found, without asking."""
        return self._state

    async def start(self) -> None:
        self._loop_task = asyncio.create_task(self._watch(), name="model-health")

    async def close(self) -> None:
        for task in (self._loop_task, self._probe):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._loop_task = self._probe = None

    def wake(self) -> None:
        """Probe soon: something has changed at the server."""
        self._listed_at = float("-inf")
        self._wake.set()

    async def current(self) -> ModelHealth:
        """Return an answer at most CACHE_SECONDS old; after ON_DEMAND_WAIT_SECONDS the server counts as away."""
        if self._clock.monotonic() - self._state.checked_at < CACHE_SECONDS:
            return self._state
        try:
            async with asyncio.timeout(ON_DEMAND_WAIT_SECONDS):
                return await self._shared_probe()
        except TimeoutError:
            return replace(self._state, is_available=False, message="The model server does not answer.")

    async def wait_available(self, timeout_seconds: float) -> bool:
        """Probe until the model can answer; False when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while not (await self._shared_probe()).is_available:  # noqa: ASYNC110 - a probe is no event to wait for
                    await asyncio.sleep(_RETRY_SECONDS)
        return self._state.is_available

    async def _watch(self) -> None:
        while True:
            self._wake.clear()
            health = await self._shared_probe()
            interval = INTERVAL_SECONDS if health.is_available else UNHEALTHY_INTERVAL_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._wake.wait()

    def _shared_probe(self) -> Awaitable[ModelHealth]:
        """Join the probe that runs, or begin one; a waiter that leaves does not end it."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._ask(), name="model-probe")
        return asyncio.shield(self._probe)

    async def _ask(self) -> ModelHealth:
        was_available = self._state.is_available
        away = self._why_away()
        if away is not None:
            self._state = ModelHealth(False, None, away, self._clock.monotonic())
            return self._state
        answer = await self._targets.provider.check_health()
        message = answer.message
        is_available = answer.is_healthy
        if is_available:
            problem = await self._list_models()
            is_available, message = bool(self._targets.models), problem or message
        self._state = ModelHealth(is_available, answer.latency_ms, message, self._clock.monotonic())
        if is_available != was_available:
            logger.info("the model server %s", "answers" if is_available else "does not answer")
        return self._state

    async def _list_models(self) -> str | None:
        """Refresh the table once a minute, or as long as it is empty; returns what went wrong."""
        now = self._clock.monotonic()
        if self._targets.models and now - self._listed_at < _RELIST_SECONDS:
            return None
        try:
            listed = await self._targets.provider.models()
        except LLMError as error:
            return error.message
        self._targets.offer(
            [(row["id"], row.get("context_window")) for row in listed],
            seeing={row["id"] for row in listed if row.get("can_see")},
        )
        self._listed_at = now
        return None if self._targets.models else "The model server offers no model."
