"""The meter of every door: reserve within the caller's limits before a model is asked, settle and write down after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from app.auth.principal import Principal
from app.kit.answer_headers import add_answer_headers
from app.limits.rates import RateLimits, rate_headers
from app.limits.subjects import Subject
from app.llm.accounting import Spent
from app.llm.money import Price
from app.llm.needs import TellNeeds
from app.llm.types import Caller, Usage
from app.usage.budgets import Budgets, Hold
from app.usage.recorder import UsageRecorder

PriceOf = Callable[[str | None, Caller, TellNeeds | None], Price | None]

_BYTES_PER_TOKEN = 3
UNSTATED_TOKENS = 4096
"""What is reserved of a budget for an answer whose length nobody bounds."""


@dataclass(slots=True)
class Reservation:
    """What was taken of a caller's limits for one request. It is settled once."""

    subjects: Sequence[Subject] = ()
    tokens: int = 0
    hold: Hold | None = None
    is_settled: bool = False


NOTHING = Reservation(is_settled=True)
"""The reservation of everybody without limits."""


class Meter:
    """One for the process. Who has no limits costs it no waiting and no look-up.

    Args:
        price_of: the dearest price of what may answer to a name.
        default_max_tokens: how long an answer may be that the engine bounds.
    """

    def __init__(
        self,
        rates: RateLimits,
        budgets: Budgets,
        recorder: UsageRecorder,
        price_of: PriceOf,
        default_max_tokens: int,
    ) -> None:
        self._rates = rates
        self._budgets = budgets
        self._recorder = recorder
        self._price_of = price_of
        self.default_max_tokens = default_max_tokens
        self._tasks: set[asyncio.Task[None]] = set()

    async def reserve(
        self,
        principal: Principal,
        model: str | None,
        prompt_bytes: Callable[[], int],
        max_tokens: int | None,
        needs: TellNeeds | None = None,
    ) -> Reservation:
        """Reserve a prompt's estimate and the longest answer. Raises RateLimitError, BudgetExceededError.

        `max_tokens` is None where the server alone decides how long the answer gets, 0 where there is none. `needs` are
        those of a request that may name no model: what is chosen by them is what it may cost.
        """
        subjects = principal.subjects
        if not subjects:
            return NOTHING
        prompt_tokens = prompt_bytes() // _BYTES_PER_TOKEN
        hold = await self._hold(principal, subjects, model, prompt_tokens, max_tokens, needs)
        tokens = prompt_tokens + (self.default_max_tokens if max_tokens is None else max_tokens)
        reservation = Reservation(subjects, tokens, hold)
        try:
            decision = await self._rates.take_tokens(subjects, tokens)
        except BaseException:
            reservation.tokens = 0
            self.settle(reservation, None)
            raise
        add_answer_headers(rate_headers(None, decision))
        return reservation

    def settle(self, reservation: Reservation, spent: Spent | None) -> None:
        """Write down what a request came to, and give back what it did not need; None: no model was asked."""
        if spent is not None:
            self._recorder.record(spent)
        if reservation.is_settled:
            return
        reservation.is_settled = True
        tokens = spent.usage.prompt_tokens + spent.usage.completion_tokens if spent is not None else 0
        if reservation.tokens and self._rates.settle_tokens_now(
            reservation.subjects, reserved=reservation.tokens, used=tokens
        ):
            reservation.tokens = 0  # in this process: no task for each request
        if reservation.tokens or reservation.hold is not None:
            self._spawn(self._settle(reservation, tokens, spent.nanos if spent is not None else 0))

    def on_spent(self, spent: Spent) -> None:
        """Settle what the engine tells of; the reservation went with the request."""
        account = spent.account
        self.settle(account if isinstance(account, Reservation) else NOTHING, spent)

    async def close(self) -> None:
        """Let what is being settled come to its end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    async def _hold(
        self,
        principal: Principal,
        subjects: Sequence[Subject],
        model: str | None,
        prompt_tokens: int,
        max_tokens: int | None,
        needs: TellNeeds | None,
    ) -> Hold | None:
        """Reserve of the budgets; models that cost nothing stay open to who has spent theirs."""
        if all(subject.budget is None for subject in subjects):
            return None
        price = self._price_of(model, principal.caller, needs)
        longest = UNSTATED_TOKENS if max_tokens is None else max_tokens
        nanos = price.nanos(Usage(prompt_tokens, longest)) if price is not None else 0
        return await self._budgets.reserve(subjects, nanos) if nanos else None

    async def _settle(self, reservation: Reservation, tokens: int, nanos: int) -> None:
        if reservation.tokens:
            await self._rates.settle_tokens(reservation.subjects, reserved=reservation.tokens, used=tokens)
        if reservation.hold is not None:
            await self._budgets.settle(reservation.hold, nanos)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
