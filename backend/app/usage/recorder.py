"""Writes usage in batches behind the requests' backs: a full database queue loses nothing until its bound, and says so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from app.db.session import Database
from app.errors import PortalError
from app.kit.clock import Clock
from app.kit.ids import new_id
from app.llm.accounting import OnSpent, Spent
from app.usage.entries import Entry, days_of, rows_of
from app.usage.repository import UsageRepository

logger = logging.getLogger(__name__)

DevicesOfKeys = Callable[[set[str]], Awaitable[Mapping[str, str]]]

GATHER_SECONDS = 0.5
BATCH_ROWS = 1000
MAX_WAITING = 100_000
_RETRY_SECONDS = 1.0
_CLOSE_SECONDS = 5.0


async def no_devices(key_ids: set[str]) -> Mapping[str, str]:
    """Where there are no devices."""
    return {}


class UsageRecorder:
    """One for the process. `record` takes microseconds and never waits; while the database is away rows are kept.

    Args:
        devices_of: names the devices that ask by some keys.
    """

    def __init__(self, database: Database, clock: Clock, devices_of: DevicesOfKeys = no_devices) -> None:
        self._database = database
        self._clock = clock
        self._devices_of = devices_of
        self.observers: list[OnSpent] = []
        self._waiting: deque[Entry] = deque()
        self._batch: list[Entry] = []  # being written; kept until the database has confirmed it
        self._batch_id = ""
        self._writing = asyncio.Lock()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        self.is_behind = False

    @property
    def waiting(self) -> int:
        """How many rows are not in the database yet."""
        return len(self._waiting) + len(self._batch)

    def record(self, spent: Spent) -> None:
        """Take a request that has ended. Past MAX_WAITING rows it is counted as dropped, and the log says so."""
        for observe in self.observers:
            observe(spent)
        if len(self._waiting) >= MAX_WAITING:
            if not self.dropped:
                logger.error("usage rows are dropped: the database has not taken any for too long")
            self.dropped += 1
            return
        self._waiting.append(Entry(spent, self._clock.now()))
        self._work.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="usage-recorder")

    async def close(self) -> None:
        """Write what is left, if the database answers within a few seconds."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self.waiting:
                    await self._try(_RETRY_SECONDS / 4)
        except TimeoutError:
            logger.error("%d usage rows could not be written before the end", self.waiting)

    async def flush(self) -> None:
        """Write everything that has been recorded. Raises PortalError when the database is away; nothing is lost then."""
        async with self._writing:
            await self._write_all()

    @contextlib.asynccontextmanager
    async def written(self) -> AsyncIterator[Callable[[Callable[[Spent], bool]], int]]:
        """Hold everything recorded so far in the database, and writing still, for the block.

        Gives a function that returns the cost of what was recorded meanwhile and fits a condition.
        """
        async with self._writing:
            await self._write_all()
            yield lambda fits: sum(entry.spent.nanos for entry in self._waiting if fits(entry.spent))

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._work.clear()
            await self._try(_RETRY_SECONDS)

    async def _try(self, pause_seconds: float) -> None:
        try:
            await self.flush()
            self.is_behind = False
            return
        except PortalError as error:
            if not self.is_behind:
                logger.warning("usage is not written yet: %s", error.message)
        except Exception:
            logger.exception("usage could not be written")
        self.is_behind = True
        self._work.set()
        await asyncio.sleep(pause_seconds)

    async def _write_all(self) -> None:
        while self._batch or self._waiting:
            is_again = bool(self._batch)
            if not is_again:
                self._batch_id = new_id()
                self._batch = [self._waiting.popleft() for _ in range(min(BATCH_ROWS, len(self._waiting)))]
            await self._write(is_again)
            self._batch = []

    async def _write(self, is_again: bool) -> None:
        """Write the batch. One that failed may be there all the same: the answer to its commit was lost."""
        keys = {entry.spent.caller.key_id for entry in self._batch}
        devices = await self._devices_of({key for key in keys if key is not None})
        rows = rows_of(self._batch, self._batch_id, devices)
        async with self._database.transaction() as session:
            repository = UsageRepository(session)
            if not (is_again and await repository.has_row(rows[0][0])):
                await repository.add(rows, days_of(self._batch, devices))
