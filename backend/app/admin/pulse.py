"""How busy this replica is, a point every few seconds: counted as it happens, kept for ten minutes, for the live charts."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.admin.schemas import PulsePoint
from app.admin.stats import percentile
from app.kit.clock import Clock
from app.llm.accounting import Spent

STEP_SECONDS = 2.0
POINTS_KEPT = 300
_MAX_TIMES = 2000  # of one step: a percentile of so many is good enough


@dataclass
class _Step:
    """What happened since the last point."""

    requests: int = 0
    failures: int = 0
    refusals: int = 0
    turns: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    first_token_ms: list[float] = field(default_factory=list)


class Pulse:
    """One for the process. Counting is a few additions; the points are made whether or not anybody watches."""

    def __init__(self, load: Callable[[], tuple[int, int]], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._step = _Step()
        self._began = clock.monotonic()
        self._points: deque[PulsePoint] = deque(maxlen=POINTS_KEPT)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._beat(), name="admin-pulse")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def points(self) -> Sequence[PulsePoint]:
        """The last ten minutes, the oldest first."""
        return list(self._points)

    @property
    def newest(self) -> PulsePoint | None:
        return self._points[-1] if self._points else None

    def count_request(self, status: int) -> None:
        self._step.requests += 1
        self._step.failures += status >= 500
        self._step.refusals += status == 429

    def count_spent(self, spent: Spent) -> None:
        """Count one request to a model that has ended, by whichever door it came."""
        step, usage = self._step, spent.usage
        step.turns += 1
        step.failures += spent.status == "failed"
        step.prompt_tokens += usage.prompt_tokens
        step.cached_tokens += usage.cached_tokens or 0
        step.completion_tokens += usage.completion_tokens
        if spent.ttft_ms is not None and len(step.first_token_ms) < _MAX_TIMES:
            step.first_token_ms.append(spent.ttft_ms)

    def beat(self) -> PulsePoint:
        """End the step, and return its point."""
        now = self._clock.monotonic()
        seconds = max(now - self._began, 0.001)
        step, self._step, self._began = self._step, _Step(), now
        times = sorted(step.first_token_ms)
        active, queued = self._load()
        point = PulsePoint(
            at=int(self._clock.now().timestamp()),
            requests_per_second=round(step.requests / seconds, 2),
            turns_per_second=round(step.turns / seconds, 2),
            tokens_per_second=round(step.completion_tokens / seconds, 1),
            failures=step.failures,
            refusals=step.refusals,
            cached_share=round(step.cached_tokens / step.prompt_tokens, 3) if step.prompt_tokens else None,
            ttft_ms_p50=percentile(times, 50),
            ttft_ms_p95=percentile(times, 95),
            active=active,
            queued=queued,
        )
        self._points.append(point)
        return point

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(STEP_SECONDS)
            self.beat()
