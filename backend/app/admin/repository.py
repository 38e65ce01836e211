"""Queries over everybody's turns and accounts; only doors for operators lead here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.tables import IS_ACTIVE, TurnRow
from app.usage.tables import UsageRow
from app.users.tables import User


class AdminRepository:
    """Look-ups in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def requests_since(self, since: datetime, limit: int) -> Sequence[Any]:
        """Return the newest requests' figures, in the order of `stats.Figures`."""
        query = (
            select(
                UsageRow.door,
                UsageRow.model,
                UsageRow.status,
                User.email,
                UsageRow.prompt_tokens,
                UsageRow.completion_tokens,
                UsageRow.cached_tokens,
                UsageRow.cost_nanos,
                UsageRow.ttft_ms,
                UsageRow.total_ms,
                UsageRow.created_at,
                UsageRow.device,
                UsageRow.is_cache_hit,
            )
            .outerjoin(User, User.id == UsageRow.user_id)
            .where(UsageRow.created_at >= since)
            .order_by(UsageRow.created_at.desc())
            .limit(limit)
        )
        return (await self._session.execute(query)).all()

    async def running(self, limit: int) -> Sequence[Row[TurnRow, str]]:
        """Return every replica's turns that are not over, with their owners' addresses."""
        query = (
            select(TurnRow, User.email)
            .join(User, User.id == TurnRow.user_id)
            .where(IS_ACTIVE)
            .order_by(TurnRow.created_at, TurnRow.id)
            .limit(limit)
        )
        return (await self._session.execute(query)).all()

    async def emails_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """Return people's addresses by their ids."""
        if not user_ids:
            return {}
        query = select(User.id, User.email).where(User.id.in_(user_ids))
        return {row.id: row.email for row in await self._session.execute(query)}

    async def is_running(self, turn_id: str) -> bool:
        query = select(TurnRow.id).where(TurnRow.id == turn_id, IS_ACTIVE)
        return await self._session.scalar(query) is not None

    async def running_of(self, user_id: int) -> Sequence[str]:
        query = select(TurnRow.id).where(TurnRow.user_id == user_id, IS_ACTIVE)
        return (await self._session.scalars(query)).all()

    async def running_with(self, key_id: str) -> Sequence[str]:
        query = select(TurnRow.id).where(TurnRow.key_id == key_id, IS_ACTIVE)
        return (await self._session.scalars(query)).all()

    async def people(self, wish: str | None, after: int, limit: int) -> Sequence[User]:
        """Return people by id; `wish` is a part of the address."""
        query = select(User).where(~User.is_local, User.id > after).order_by(User.id).limit(limit)
        if wish:
            query = query.where(User.email.contains(wish.strip().lower(), autoescape=True))
        return (await self._session.scalars(query)).all()

    async def person(self, user_id: int) -> User | None:
        query = select(User).where(User.id == user_id, ~User.is_local).with_for_update()
        return await self._session.scalar(query)
