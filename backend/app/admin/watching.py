"""One look a second for all who watch: health and what runs now, while anybody watches at all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from app.coord.base import CoordUnavailableError, Signals
from app.errors import PortalError

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
LIFE_SECONDS = 300.0
"""A stream ends after this long, so that its reader comes back with a token that still counts."""
_PLACES = 4
_TOPIC = "admin.leave"


class Watching:
    """Hands each snapshot to every watcher; one who does not read misses some, and holds nobody up."""

    def __init__(
        self,
        snapshot: Callable[[], Awaitable[bytes]],
        encode_error: Callable[[PortalError], bytes],
        signals: Signals,
        interval_seconds: float = INTERVAL_SECONDS,
        life_seconds: float = LIFE_SECONDS,
    ) -> None:
        self._snapshot = snapshot
        self._encode_error = encode_error
        self._interval_seconds = interval_seconds
        self._life_seconds = life_seconds
        self._signals = signals
        self._watchers: dict[asyncio.Queue[tuple[int, bytes] | None], int] = {}
        self._task: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._number = 0

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def start(self) -> None:
        """Hear of people who may watch no more."""
        self._listening = asyncio.create_task(self._listen(), name="admin-watching-ends")

    async def follow(self, user_id: int) -> AsyncGenerator[tuple[int, bytes]]:
        """Yield numbered snapshots until the reader leaves, may read them no more, or has to show a token again."""
        queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue(_PLACES)
        self._watchers[queue] = user_id
        if self._task is None:
            self._task = asyncio.create_task(self._look(), name="admin-watching")
        ends_at = asyncio.get_running_loop().time() + self._life_seconds
        try:
            while (event := await _next(queue, ends_at)) is not None:
                yield event
        finally:
            self._watchers.pop(queue, None)
            if not self._watchers:
                await self._stop_looking()

    def leave(self) -> None:
        """End every stream: the portal stops, and none of them should hold it up."""
        for queue in self._watchers:
            _put(queue, None)

    async def end_everywhere(self, user_id: int) -> None:
        """End a person's streams, on every replica."""
        try:
            await self._signals.publish(_TOPIC, str(user_id).encode())
        except CoordUnavailableError:
            logger.warning("other replicas were not told that a person may watch no more")

    async def close(self) -> None:
        await self._stop_looking()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    async def _listen(self) -> None:
        async with self._signals.listen(_TOPIC) as messages:
            async for message in messages:
                for queue, user_id in self._watchers.items():
                    if str(user_id).encode() == message:
                        _put(queue, None)

    async def _stop_looking(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        while True:
            try:
                data = await self._snapshot()
            except PortalError as error:
                data = self._encode_error(error)
            except Exception:
                logger.exception("the snapshot for administrators failed")
                data = self._encode_error(PortalError("The portal could not look; its log says why."))
            self._number += 1
            for queue in self._watchers:
                _put(queue, (self._number, data))
            await asyncio.sleep(self._interval_seconds)


def _put(queue: asyncio.Queue[tuple[int, bytes] | None], event: tuple[int, bytes] | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)


async def _next(queue: asyncio.Queue[tuple[int, bytes] | None], ends_at: float) -> tuple[int, bytes] | None:
    try:
        async with asyncio.timeout_at(ends_at):
            return await queue.get()
    except TimeoutError:
        return None
