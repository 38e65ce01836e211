"""The database's time as the portal's clock: replicas agree about leases, expiries and orders whatever their machines say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta

from sqlalchemy import text

from app.db.session import Database
from app.errors import PortalError
from app.kit.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 20.0
_SLOW_SECONDS = 1.0
_NOISE_SECONDS = 0.05
_WORTH_SAYING_SECONDS = 2.0
_NOW = text("SELECT clock_timestamp()")


class DatabaseClock:
    """A clock set by PostgreSQL at its start and three times a minute, by this machine's monotonic clock in between.

    On SQLite, and until PostgreSQL has answered once, it is the machine's own clock.
    """

    def __init__(self, database: Database, own: Clock | None = None) -> None:
        self._database = database
        self._own = own or SystemClock()
        self._set_to: tuple[datetime, float] | None = None
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        if self._set_to is None:
            return self._own.now()
        instant, at = self._set_to
        return instant + timedelta(seconds=self._own.monotonic() - at)

    def monotonic(self) -> float:
        return self._own.monotonic()

    async def start(self) -> None:
        """Set it once, and keep it set."""
        if self._database.is_sqlite:
            return
        await self._try_to_set()
        ahead = (self._own.now() - self.now()).total_seconds()
        if abs(ahead) > _WORTH_SAYING_SECONDS:
            logger.warning(
                "this machine's clock is %+.0f s from the database's, which the portal goes by: set it right",
                ahead,
            )
        self._task = asyncio.create_task(self._keep_set(), name="database-clock")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def set(self) -> None:
        """Ask the database for the time; a slow answer does not replace what is known, nor does one that differs by noise."""
        async with self._database.reading() as session:
            began = self._own.monotonic()
            instant: datetime = (await session.execute(_NOW)).scalar_one()
            ended = self._own.monotonic()
        if self._set_to is not None and ended - began > _SLOW_SECONDS:
            return
        middle = (began + ended) / 2
        if self._set_to is not None:
            known = self._set_to[0] + timedelta(seconds=middle - self._set_to[1])
            if abs((instant - known).total_seconds()) < _NOISE_SECONDS:
                return
        self._set_to = (instant, middle)

    async def _keep_set(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self._try_to_set()

    async def _try_to_set(self) -> None:
        try:
            await self.set()
        except PortalError as error:
            logger.warning("the database could not be asked for the time: %s", error.message)
