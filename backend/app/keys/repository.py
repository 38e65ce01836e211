"""Rows of API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.written import UNNOTED
from app.keys.tables import ApiKey


class KeyRepository:
    """Look-ups and writes in the caller's transaction; each one names the owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def living(self, user_id: int) -> Sequence[ApiKey]:
        query = (
            select(ApiKey)
            .where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
            .order_by(ApiKey.id.desc())
        )
        return (await self._session.scalars(query)).all()

    async def count_living(self, user_id: int) -> int:
        query = select(func.count()).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        return await self._session.scalar(query) or 0

    async def get(self, key_id: str) -> ApiKey | None:
        return await self._session.get(ApiKey, key_id)

    async def add(self, key: ApiKey) -> None:
        self._session.add(key)
        await self._session.flush()

    async def revoke(self, user_id: int, key_id: str, now: datetime) -> bool:
        """Mark it revoked; False when the owner has no such living key."""
        result = await self._session.execute(
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        assert isinstance(result, CursorResult)
        return result.rowcount == 1

    async def touch(self, key_id: str, now: datetime) -> None:
        query = update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now)
        await self._session.execute(query.execution_options(**{UNNOTED: True}))
