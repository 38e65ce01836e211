"""Equal requests at the same time: one asks the model, and the others wait for what it gets; over all replicas."""

from __future__ import annotations

import asyncio

from app.coord.base import CoordError, Locks

MOST_WAITING = 1000
"""Replicas' leaders that wait for one another; who comes later asks by itself."""


class Flight:
    """The request that leads; its outcome is None unless it ended well. End it, however it ends."""

    def __init__(self, flights: Flights, name: str, locks: Locks) -> None:
        self._flights = flights
        self._name = name
        self._locks = locks
        self._outcome: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._has_turn = asyncio.Event()
        self._is_over = asyncio.Event()
        self._holding: asyncio.Task[None] | None = None

    async def outcome(self, until: float) -> bytes | None:
        """Return what it got. Raises TimeoutError when it has not ended at that instant of the loop's time."""
        async with asyncio.timeout_at(until):
            return await asyncio.shield(self._outcome)

    async def take_turn(self, until: float) -> None:
        """Wait while an equal request leads in another replica: until it ends, dies, or this instant has come."""
        self._holding = asyncio.create_task(self._hold(until), name="flight")
        await self._has_turn.wait()

    def end(self, data: bytes | None) -> None:
        """Hand what came of it to those who wait."""
        self._flights.forget(self._name, self)
        if not self._outcome.done():
            self._outcome.set_result(data)
        self._is_over.set()
        if self._holding is not None and not self._has_turn.is_set():
            self._holding.cancel()

    async def _hold(self, until: float) -> None:
        """Keep the others waiting until this is over; in a task of its own, for a stream ends in any."""
        wait_seconds = max(0.0, until - asyncio.get_running_loop().time())
        try:
            async with self._locks.hold(
                f"answer-{self._name}", max_waiting=MOST_WAITING, wait_seconds=wait_seconds
            ):
                self._has_turn.set()
                await self._is_over.wait()
        except CoordError:  # it took too long, or too many wait: it is asked beside them
            pass
        finally:
            self._has_turn.set()


class Flights:
    """Those of one process; `locks` are shared by all."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._leading: dict[str, Flight] = {}

    def find(self, name: str) -> Flight | None:
        """Return who leads in this process."""
        return self._leading.get(name)

    def lead(self, name: str) -> Flight:
        """Make equal requests wait for this one; beside another that runs (a fresh one is wanted) nobody waits."""
        flight = Flight(self, name, self._locks)
        self._leading.setdefault(name, flight)
        return flight

    def forget(self, name: str, flight: Flight) -> None:
        """Let nobody wait for a request that has ended."""
        if self._leading.get(name) is flight:
            del self._leading[name]
