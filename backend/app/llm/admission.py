"""At most so many requests are with a target at once; the rest wait in a bounded, fair queue, or are told to come later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.kit.clock import Clock
from app.llm.errors import DeadlineExceededError, QueueFullError
from app.llm.fair_queue import FairQueue
from app.llm.types import PriorityClass

_PLACES_INTERVAL_SECONDS = 0.2
_FIRST_SERVICE_SECONDS = 5.0
_WEIGHT_OF_NEW = 0.2

PlaceCallback = Callable[[int], None]


@dataclass(eq=False, slots=True)
class _Waiter:
    granted: asyncio.Future[None]
    user_id: int
    priority: PriorityClass
    deadline: float | None
    on_place: PlaceCallback
    place: int = 0
    timer: asyncio.TimerHandle | None = field(default=None)


class Admission:
    """The gate before one target.

    Args:
        max_concurrency: requests that are with the target at once.
        max_queued: requests that may wait; one more is refused.
        clock: deadlines are instants of its `monotonic()`.
    """

    def __init__(self, max_concurrency: int, max_queued: int, clock: Clock) -> None:
        self._max_concurrency = max_concurrency
        self._max_queued = max_queued
        self._clock = clock
        self._queue: FairQueue[_Waiter] = FairQueue()
        self._active = 0
        self._service_seconds = _FIRST_SERVICE_SECONDS
        self._places_timer: asyncio.TimerHandle | None = None

    @property
    def active(self) -> int:
        """Requests that are with the target now."""
        return self._active

    @property
    def queued(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    @asynccontextmanager
    async def slot(
        self,
        *,
        user_id: int,
        priority: PriorityClass = "chat",
        deadline: float | None = None,
        on_place: PlaceCallback = lambda place: None,
    ) -> AsyncIterator[None]:
        """Hold one of the target's places for the block.

        `on_place` is called with the place in the queue (1 is next) at once and when it changes, never when there is
        no wait. Raises QueueFullError at once, DeadlineExceededError when the deadline passes first.
        """
        started = await self.enter(user_id=user_id, priority=priority, deadline=deadline, on_place=on_place)
        try:
            yield
        finally:
            self.leave(started)

    def leave(self, started: float) -> None:
        """Give a place back; `started` is what `enter` returned."""
        took = self._clock.monotonic() - started
        self._service_seconds += _WEIGHT_OF_NEW * (took - self._service_seconds)
        self._release()

    async def enter(
        self,
        *,
        user_id: int,
        priority: PriorityClass = "chat",
        deadline: float | None = None,
        on_place: PlaceCallback = lambda place: None,
    ) -> float:
        """Take a place as `slot` does, for who cannot hold it by a block; returns the instant. Must be left."""
        await self._acquire(user_id, priority, deadline, on_place)
        return self._clock.monotonic()

    async def _acquire(
        self, user_id: int, priority: PriorityClass, deadline: float | None, on_place: PlaceCallback
    ) -> None:
        if deadline is not None and self._clock.monotonic() >= deadline:
            raise _too_late()
        if self._active < self._max_concurrency and not self._queue:
            self._active += 1
            return
        if len(self._queue) >= self._max_queued:
            raise self._full()
        loop = asyncio.get_running_loop()
        waiter = _Waiter(loop.create_future(), user_id, priority, deadline, on_place)
        self._queue.push(waiter, user_id, priority)
        if deadline is not None:
            waiter.timer = loop.call_later(deadline - self._clock.monotonic(), self._expire, waiter)
        self._tell_places()
        try:
            await waiter.granted
        except BaseException:
            self._withdraw(waiter)
            raise
        finally:
            if waiter.timer is not None:
                waiter.timer.cancel()

    def _withdraw(self, waiter: _Waiter) -> None:
        """Undo a wait that was cancelled: leave the queue, or hand on the place that was granted just then."""
        if self._queue.remove(waiter, waiter.user_id, waiter.priority):
            self._schedule_places()
        elif waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
            self._release()

    def _release(self) -> None:
        self._active -= 1
        while self._active < self._max_concurrency:
            waiter = self._queue.pop()
            if waiter is None:
                return
            if waiter.granted.done():
                continue
            if waiter.deadline is not None and self._clock.monotonic() >= waiter.deadline:
                waiter.granted.set_exception(_too_late())
                continue
            self._active += 1
            waiter.granted.set_result(None)
        self._schedule_places()

    def _expire(self, waiter: _Waiter) -> None:
        if not waiter.granted.done():
            self._queue.remove(waiter, waiter.user_id, waiter.priority)
            waiter.granted.set_exception(_too_late())
            self._schedule_places()

    def _schedule_places(self) -> None:
        """Tell changed places soon: many changes in a moment are told once."""
        if self._queue and self._places_timer is None:
            loop = asyncio.get_running_loop()
            self._places_timer = loop.call_later(_PLACES_INTERVAL_SECONDS, self._tell_places)

    def _tell_places(self) -> None:
        if self._places_timer is not None:
            self._places_timer.cancel()
            self._places_timer = None
        for place, waiter in enumerate(self._queue.in_order(), start=1):
            if waiter.place != place and not waiter.granted.done():
                waiter.place = place
                waiter.on_place(place)

    def _full(self) -> QueueFullError:
        wait = max(1.0, min(60.0, (len(self._queue) + 1) / self._max_concurrency * self._service_seconds))
        message = "The model has as many requests waiting as it may; try again later."
        return QueueFullError(message, is_retryable=True, retry_after_seconds=wait)


def _too_late() -> DeadlineExceededError:
    return DeadlineExceededError("The request waited past its deadline and was not sent to the model.")
