"""A coroutine that waits in its own event loop and may be woken from any thread."""

from __future__ import annotations

import asyncio


class Waiter:
    """One wait. Make it inside the coroutine that will wait; wake it from anywhere, any number of times."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_woken(self) -> bool:
        return self._future.done()

    def wake(self) -> bool:
        """Let the coroutine go on; False when its event loop is gone and nobody waits any more."""
        try:
            if asyncio.get_running_loop() is self._loop:
                self._set()
                return True
        except RuntimeError:
            pass  # called from a thread without a loop
        try:
            self._loop.call_soon_threadsafe(self._set)
        except RuntimeError:
            return False
        return True

    def _set(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until woken; False when `seconds` passed first."""
        if self._future.done():
            return True
        if seconds is None:
            await self._future
            return True
        done, _ = await asyncio.wait([self._future], timeout=max(0.0, seconds))
        return bool(done)
