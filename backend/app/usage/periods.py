"""The days, months and for evers of budgets, in UTC. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.limits.subjects import PERIODS, Period, Subject

EVER = "0000-00-00"


@dataclass(frozen=True, slots=True)
class Bound:
    """One budget of a subject as it stands in a period: since which day, and until when (None: for ever)."""

    subject: Subject
    period: Period
    nanos: int
    since_day: str
    ends_at: datetime | None

    @property
    def name(self) -> str:
        """The name under which it is counted: another one in each period."""
        return f"{self.subject.kind}:{self.subject.id}:{self.period}:{self.since_day}"


def bounds_of(subjects: Sequence[Subject], now: datetime) -> list[Bound]:
    """Return all budgets of some subjects at an instant."""
    return [
        Bound(subject, period, subject.budget[period], *_span(period, now))
        for subject in subjects
        if subject.budget
        for period in PERIODS
        if period in subject.budget
    ]


def _span(period: Period, now: datetime) -> tuple[str, datetime | None]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return today.strftime("%Y-%m-%d"), today + timedelta(days=1)
    if period == "month":
        first = today.replace(day=1)
        return first.strftime("%Y-%m-%d"), (first + timedelta(days=32)).replace(day=1)
    return EVER, None
