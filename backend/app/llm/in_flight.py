"""Requests without a session that run here now: who asks which model since when, and how to stop one or all of somebody's.

Turns of sessions are not among them: the store knows those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType

from app.kit.clock import Clock
from app.kit.ids import new_id
from app.llm.errors import AskStoppedError
from app.llm.types import Caller

ASK_PREFIX = "ask-"
_USER_PREFIX = "user:"
_KEY_PREFIX = "key:"


class RunningAsk:
    """One request. It is known, and can be stopped, within `with` blocks; there may be several, one after the other."""

    __slots__ = ("_asks", "_is_stopped", "_task", "began_at", "caller", "door", "id", "model")

    def __init__(
        self,
        asks: dict[str, RunningAsk],
        ask_id: str,
        caller: Caller,
        door: str,
        model: str | None,
        began_at: datetime,
    ) -> None:
        self.id = ask_id
        self.caller = caller
        self.door = door
        self.model = model
        self.began_at = began_at
        self._asks = asks
        self._task: asyncio.Task[object] | None = None
        self._is_stopped = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._asks[self.id] = self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise AskStoppedError in place of the cancellation by which it was stopped."""
        self._asks.pop(self.id, None)
        if self._is_stopped and isinstance(error, asyncio.CancelledError) and self._task is not None:
            self._task.uncancel()
            raise AskStoppedError from None

    def stop(self) -> None:
        """End it: whoever waits for its answer is told."""
        if self._task is not None and not self._is_stopped:
            self._is_stopped = True
            self._task.cancel()


class InFlight:
    """One for the engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asks: dict[str, RunningAsk] = {}
        self._place = f"{ASK_PREFIX}{new_id()[-12:]}-"
        self._count = 0

    def ask(self, caller: Caller, door: str, model: str | None) -> RunningAsk:
        """Make one; it runs as soon as its block is entered."""
        self._count += 1
        return RunningAsk(self._asks, f"{self._place}{self._count:x}", caller, door, model, self._clock.now())

    def all(self) -> list[RunningAsk]:
        """Return what runs, the oldest first."""
        return list(self._asks.values())

    def hear(self, whom: str) -> None:
        """Stop what `of_user`, `of_key` or an ask's id names, if it runs here."""
        if whom.startswith(_USER_PREFIX):
            self._stop(lambda ask: of_user(ask.caller.user_id) == whom)
        elif whom.startswith(_KEY_PREFIX):
            self._stop(lambda ask: ask.caller.key_id == whom.removeprefix(_KEY_PREFIX))
        elif whom in self._asks:
            self._asks[whom].stop()

    def _stop(self, is_meant: Callable[[RunningAsk], bool]) -> None:
        meant: Iterable[RunningAsk] = [ask for ask in self._asks.values() if is_meant(ask)]
        for ask in meant:
            ask.stop()


def of_user(user_id: int) -> str:
    """Name all asks of a person."""
    return f"{_USER_PREFIX}{user_id}"


def of_key(key_id: str) -> str:
    """Name all asks that came with an API key."""
    return f"{_KEY_PREFIX}{key_id}"
