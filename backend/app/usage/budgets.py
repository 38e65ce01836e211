"""Budgets: reserved before a model is asked, settled when it has answered. The sums in the database are the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.coord.base import Quota, QuotaDecision, Quotas
from app.db.session import Database
from app.errors import UnavailableError
from app.kit.clock import Clock
from app.limits.errors import BudgetExceededError
from app.limits.subjects import Subject
from app.llm.accounting import Spent
from app.llm.money import to_money
from app.usage.periods import Bound, bounds_of
from app.usage.recorder import UsageRecorder
from app.usage.repository import UsageRepository

_TRIES = 3
_OF_PERIOD = {"day": "today", "month": "this month", "total": "in all"}


@dataclass(frozen=True, slots=True)
class Hold:
    """What is reserved for a request."""

    subjects: tuple[Subject, ...]
    names: tuple[str, ...]
    nanos: int
    lease: int


class Budgets:
    """One for the process."""

    def __init__(
        self, quotas: Quotas, database: Database, recorder: UsageRecorder, clock: Clock, currency: str
    ) -> None:
        self._quotas = quotas
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._currency = currency

    async def reserve(self, subjects: Sequence[Subject], nanos: int) -> Hold | None:
        """Reserve what a request may cost; None where no budget counts.

        Raises BudgetExceededError, and UnavailableError when what was spent so far cannot be read: a budget that an
        outage lifts is none.
        """
        now = self._clock.now()
        bounds = {bound.name: bound for bound in bounds_of(subjects, now)}
        if not bounds:
            return None
        quotas = [Quota(name, bound.nanos) for name, bound in bounds.items()]
        for _ in range(_TRIES):
            decision = await self._quotas.reserve(quotas, nanos)
            if decision.is_allowed:
                return Hold(tuple(subjects), tuple(bounds), nanos, decision.lease)
            if decision.refused is not None:
                raise self._refusal(bounds[decision.refused], decision, nanos, now)
            await self._tell([bounds[name] for name in decision.unknown])
        raise UnavailableError("The portal cannot count budgets right now. Try again in a moment.")

    async def settle(self, hold: Hold, nanos: int) -> None:
        """Replace a reservation by what was spent; in a new day or month what was spent counts there."""
        current = {bound.name for bound in bounds_of(hold.subjects, self._clock.now())}
        past = tuple(name for name in hold.names if name not in current)
        held = tuple(name for name in hold.names if name in current)
        new = tuple(name for name in current if name not in hold.names)
        if held:
            await self._quotas.settle(held, reserved=hold.nanos, used=nanos, lease=hold.lease)
        if past:
            await self._quotas.settle(past, reserved=hold.nanos, used=0, lease=hold.lease)
        if new:
            await self._quotas.settle(new, reserved=0, used=nanos, lease=hold.lease)

    async def _tell(self, bounds: Sequence[Bound]) -> None:
        """Make quotas known from the books, with nothing on its way into them meanwhile."""
        async with self._recorder.written() as on_its_way, self._database.reading() as session:
            repository = UsageRepository(session)
            for bound in bounds:
                subject = bound.subject
                is_key = subject.kind == "key"
                spent = await repository.spent_nanos(
                    key_id=subject.id if is_key else None,
                    user_id=0 if is_key else int(subject.id),
                    since_day=bound.since_day,
                )
                await self._quotas.tell(bound.name, spent + on_its_way(partial(_is_of, subject)))

    def _refusal(
        self, bound: Bound, decision: QuotaDecision, nanos: int, now: datetime
    ) -> BudgetExceededError:
        left = max(0, bound.nanos - decision.used)
        begins_anew = f" It begins anew at {bound.ends_at:%Y-%m-%d %H:%M} UTC." if bound.ends_at else ""
        held = " Other requests that run now hold the rest." if nanos <= left else ""
        return BudgetExceededError(
            f"{bound.subject.words} may spend {self._amount(bound.nanos)} {_OF_PERIOD[bound.period]}; "
            f"{self._amount(left)} are left, and this request may cost {self._amount(nanos)}.{held} "
            f"Ask for fewer tokens with max_tokens, or have the budget raised.{begins_anew}",
            details={
                "limit": to_money(bound.nanos),
                "used": to_money(decision.used),
                "reserved": to_money(decision.reserved),
                "needed": to_money(nanos),
                "period": bound.period,
                "of": bound.subject.kind,
                "currency": self._currency,
            },
            retry_after_seconds=(bound.ends_at - now).total_seconds() if bound.ends_at else None,
        )

    def _amount(self, nanos: int) -> str:
        text = f"{to_money(nanos):.9f}".rstrip("0")
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals.ljust(2, '0')} {self._currency}"


def _is_of(subject: Subject, spent: Spent) -> bool:
    if subject.kind == "key":
        return spent.caller.key_id == subject.id
    return str(spent.caller.user_id) == subject.id
