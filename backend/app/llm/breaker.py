"""A circuit breaker: a target that keeps failing is left alone for a while, then tried by one request. Pure but for its clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.kit.clock import Clock

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and for how long.

    Args:
        failures: consecutive failures that open it.
        error_rate: share of failures within the window that opens it, once it holds `least_calls`.
        open_seconds: the first pause; each failed probe doubles it, up to `longest_open_seconds`.
    """

    failures: int = 5
    error_rate: float = 0.5
    least_calls: int = 20
    window_seconds: float = 60.0
    open_seconds: float = 5.0
    longest_open_seconds: float = 60.0


class Breaker:
    """The state of one target.

    Args:
        on_open: told the seconds of each pause that this process found, so that it can tell other replicas.
    """

    def __init__(
        self,
        clock: Clock,
        limits: BreakerLimits | None = None,
        on_open: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._clock = clock
        self._limits = limits or BreakerLimits()
        self._on_open = on_open
        self._calls: deque[tuple[float, bool]] = deque(maxlen=1000)
        self._in_a_row = 0
        self._opened_until: float | None = None
        self._pause_seconds = self._limits.open_seconds
        self._is_probing = False

    @property
    def state(self) -> State:
        """Half open means: the pause is over, and one request may try."""
        if self._opened_until is None:
            return "closed"
        return "open" if self._clock.monotonic() < self._opened_until else "half_open"

    @property
    def wait_seconds(self) -> float:
        """How long until a request may try; 0 when one may."""
        if self._opened_until is None:
            return 0.0
        return max(0.0, self._opened_until - self._clock.monotonic())

    def allows(self) -> bool:
        """Whether a request would be let through, without letting one through."""
        state = self.state
        return state == "closed" or (state == "half_open" and not self._is_probing)

    def enter(self) -> bool:
        """Let a request through, or not; when half open only one at a time. Report its end by one of the next three."""
        if not self.allows():
            return False
        if self._opened_until is not None:
            self._is_probing = True
        return True

    def succeed(self) -> None:
        """A request was answered: all is forgiven."""
        if self._opened_until is not None:
            self._calls.clear()
        self._opened_until, self._is_probing = None, False
        self._in_a_row, self._pause_seconds = 0, self._limits.open_seconds
        self._note(True)

    def fail(self) -> None:
        """A request failed by the server's fault."""
        self._note(False)
        self._in_a_row += 1
        if self._opened_until is not None:
            if self._is_probing:
                self._pause_seconds = min(2 * self._pause_seconds, self._limits.longest_open_seconds)
                self._open(self._pause_seconds)
            return
        if self._in_a_row >= self._limits.failures or self._is_rate_passed():
            self._open(self._pause_seconds)

    def leave(self) -> None:
        """A request ended without telling anything about the server: its caller went away, or asked for what is wrong."""
        self._is_probing = False

    def hear_open(self, seconds: float) -> None:
        """Another replica has opened its breaker of this target; nobody is told again."""
        until = self._clock.monotonic() + min(seconds, self._limits.longest_open_seconds)
        self._opened_until = max(self._opened_until or until, until)
        self._is_probing = False

    def _open(self, seconds: float) -> None:
        self._opened_until = self._clock.monotonic() + seconds
        self._is_probing = False
        self._on_open(seconds)

    def _note(self, is_good: bool) -> None:
        self._calls.append((self._clock.monotonic(), is_good))

    def _is_rate_passed(self) -> bool:
        since = self._clock.monotonic() - self._limits.window_seconds
        while self._calls and self._calls[0][0] < since:
            self._calls.popleft()
        bad = sum(not is_good for _, is_good in self._calls)
        return len(self._calls) >= self._limits.least_calls and bad >= self._limits.error_rate * len(
            self._calls
        )
