"""What devices have spent of their budgets: read from the days' sums of their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.devices.schemas import Spent
from app.keys.tables import ApiKey
from app.limits.subjects import subject_of
from app.llm.money import to_money
from app.usage.periods import bounds_of
from app.usage.repository import UsageRepository


async def spent_of(session: AsyncSession, keys: Sequence[ApiKey], now: datetime) -> Mapping[str, Spent]:
    """Return by key what is spent in the periods (UTC) of its budget; a key without one is left out."""
    subjects = [subject for key in keys if (subject := subject_of("key", key.id, key))]
    bounds = bounds_of(subjects, now)
    since_days = sorted({bound.since_day for bound in bounds})
    if not since_days:
        return {}
    spent = await UsageRepository(session).spent_by_key({bound.subject.id for bound in bounds}, since_days)
    found: dict[str, dict[str, float]] = {bound.subject.id: {} for bound in bounds}
    for bound in bounds:
        nanos = spent.get(bound.subject.id, {}).get(bound.since_day, 0)
        found[bound.subject.id][bound.period] = to_money(nanos)
    return {key_id: Spent(**periods) for key_id, periods in found.items()}
