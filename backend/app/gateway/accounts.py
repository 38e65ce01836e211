"""What a request that passes comes to: told to the meter once, however it ends."""

from __future__ import annotations

from typing import Any

from app.auth.principal import Principal
from app.kit.clock import Clock
from app.kit.logging import request_id_var
from app.llm.accounting import Spent, estimated_usage
from app.llm.routing import Target
from app.llm.types import Caller, TurnStatus, Usage
from app.usage.meter import Meter, Reservation

_BYTES_PER_TOKEN = 4


class PassAccount:
    """One request's. `ended` counts the first time."""

    __slots__ = (
        "_arrived",
        "_clock",
        "_first",
        "_has_ended",
        "_meter",
        "_model",
        "_operation",
        "_principal",
        "_prompt_bytes",
        "_reservation",
        "counted",
    )

    def __init__(
        self,
        meter: Meter,
        clock: Clock,
        principal: Principal,
        operation: str,
        model: str | None,
        reservation: Reservation,
        prompt_bytes: int,
    ) -> None:
        self._meter = meter
        self._clock = clock
        self._principal = principal
        self._operation = operation
        self._model = model
        self._reservation = reservation
        self._prompt_bytes = prompt_bytes
        self._arrived = clock.monotonic()
        self._first: float | None = None
        self._has_ended = False
        self.counted = Usage()
        """What was told to the meter."""

    @property
    def caller(self) -> Caller:
        return self._principal.caller

    def has_begun(self) -> None:
        """The first bytes of a stream are there."""
        self._first = self._clock.monotonic()

    def ended(
        self,
        target: Target | None,
        usage: Usage | None,
        error: BaseException | None = None,
        *,
        pieces: int = 0,
        text_bytes: int = 0,
    ) -> None:
        """Tell the meter. Without the server's own count what was delivered is counted: `pieces` or bytes of text."""
        if self._has_ended:
            return
        self._has_ended = True
        is_estimated = usage is None and (pieces > 0 or text_bytes > 0)
        if is_estimated:
            usage = estimated_usage(self._prompt_bytes // _BYTES_PER_TOKEN, pieces, text_bytes)
        self.counted = usage or Usage()
        now = self._clock.monotonic()
        spent = Spent(
            caller=self._principal.caller,
            door="v1",
            operation=self._operation,
            status=_status(error),
            asked_model=self._model,
            model=target.alias if target is not None else self._model,
            target=target.name if target is not None else None,
            price=target.price if target is not None else None,
            usage=self.counted,
            is_estimated=is_estimated,
            error_code=getattr(error, "code", None),
            ttft_ms=None if self._first is None else _ms(self._first - self._arrived),
            total_ms=_ms(now - self._arrived),
            request_id=request_id_var.get(),
        )
        self._meter.settle(self._reservation, spent)


def text_bytes_of(answer: Any) -> int:
    """Return how much text a whole answer has."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    total = 0
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        text = message.get("content") if isinstance(message, dict) else None
        total += len(text.encode(errors="replace")) if isinstance(text, str) else 0
    return total


def _status(error: BaseException | None) -> TurnStatus:
    if error is None:
        return "done"
    return "failed" if isinstance(error, Exception) else "cancelled"


def _ms(seconds: float) -> float:
    return int(10_000 * seconds + 0.5) / 10
