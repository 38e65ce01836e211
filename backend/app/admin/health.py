"""Keeps what the last look found and since when: many who ask within a second share one look.

It looks now and then though nobody asks, so that "since" is when it happened and not when somebody came to see; the log
has each change.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from app import __version__
from app.admin.components import Finding
from app.admin.schemas import AdminHealthRead, ComponentRead
from app.kit.clock import Clock

logger = logging.getLogger(__name__)

CACHE_SECONDS = 1.0
INTERVAL_SECONDS = 5.0
_ESSENTIAL = {"database", "model", "disk"}

Look = Callable[[], Awaitable[Sequence[Finding]]]


class HealthBoard:
    """One for the process."""

    def __init__(self, look: Look, replica: str, clock: Clock) -> None:
        self._look = look
        self._replica = replica
        self._clock = clock
        self._since: dict[str, tuple[str, datetime]] = {}
        self._newest: AdminHealthRead | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_looking(), name="admin-health")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def read(self) -> AdminHealthRead:
        """Return an answer at most CACHE_SECONDS old."""
        async with self._looking:
            if self._newest is None or self._clock.monotonic() - self._looked_at >= CACHE_SECONDS:
                self._newest = self._told(await self._look())
                self._looked_at = self._clock.monotonic()
            return self._newest

    def _told(self, findings: Sequence[Finding]) -> AdminHealthRead:
        now = self._clock.now()
        components = [
            ComponentRead(since=self._since_when(finding, now), **asdict(finding)) for finding in findings
        ]
        return AdminHealthRead(
            status=_overall(findings),
            version=__version__,
            replica=self._replica,
            checked_at=now,
            components=components,
        )

    def _since_when(self, finding: Finding, now: datetime) -> datetime:
        state, since = self._since.get(finding.name, ("", now))
        if state != finding.state:
            since = now
            self._since[finding.name] = (finding.state, now)
            if state or finding.state in ("down", "degraded"):
                level = logging.WARNING if finding.state in ("down", "degraded") else logging.INFO
                logger.log(
                    level, "%s is %s: %s %s", finding.name, finding.state, finding.message, finding.advice
                )
        return since

    async def _keep_looking(self) -> None:
        while True:
            try:
                await self.read()
            except Exception:
                logger.exception("the look at the portal's parts failed")
            await asyncio.sleep(INTERVAL_SECONDS)


def _overall(findings: Sequence[Finding]) -> Literal["ok", "degraded", "down"]:
    if any(finding.state == "down" and finding.name in _ESSENTIAL for finding in findings):
        return "down"
    if any(finding.state in ("down", "degraded", "starting") for finding in findings):
        return "degraded"
    return "ok"
