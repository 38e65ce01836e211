"""Queries on shares. A stranger finds one by its token's hash alone; nothing here commits."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.tables import SessionRow, ShareRow
from app.users.tables import User


class ShareRepository:
    """Shares of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_session(self, session_pk: str) -> ShareRow | None:
        return await self._session.scalar(select(ShareRow).where(ShareRow.session_pk == session_pk))

    async def by_token(self, token_hash: str) -> ShareRow | None:
        """Return the share of a living session of somebody who may still sign in."""
        return await self._session.scalar(
            select(ShareRow)
            .join(SessionRow, SessionRow.id == ShareRow.session_pk)
            .join(User, User.id == SessionRow.user_id)
            .where(ShareRow.token_hash == token_hash, SessionRow.deleted_at.is_(None), User.is_active)
        )

    async def add(self, row: ShareRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def withdraw(self, session_pk: str) -> None:
        await self._session.execute(delete(ShareRow).where(ShareRow.session_pk == session_pk))
