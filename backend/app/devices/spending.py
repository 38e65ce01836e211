"""What devices have spent of their budgets: read from the days' sums of their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.devices.schemas import Spent
from app.keys.tables import ApiKey
from app.limits.subjects import PERIODS
from app.llm.money import to_money
from app.usage.tables import UsageDay


async def spent_of(session: AsyncSession, keys: Sequence[ApiKey], now: datetime) -> Mapping[str, Spent]:
    """Return by key what is spent in the periods (UTC) of its budget; a key without one is left out."""
    bounded = {key.id: key.budget for key in keys if key.budget}
    if not bounded:
        return {}
    today = now.astimezone(UTC).strftime("%Y-%m-%d")
    first_days = {"day": today, "month": f"{today[:8]}01", "total": ""}
    sums = [
        func.sum(case((UsageDay.day >= first_days[period], UsageDay.cost_nanos), else_=0))
        for period in PERIODS
    ]
    query = select(UsageDay.key_id, *sums).where(UsageDay.key_id.in_(bounded)).group_by(UsageDay.key_id)
    nanos = {row[0]: dict(zip(PERIODS, row[1:], strict=True)) for row in await session.execute(query)}
    return {
        key_id: Spent(**{period: to_money(int(nanos.get(key_id, {}).get(period, 0))) for period in budget})
        for key_id, budget in bounded.items()
    }
