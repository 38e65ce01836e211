"""Queries on folders, which are names on sessions and nothing else; nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.tables import SessionRow


class FolderRepository:
    """Folders of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self, user_id: int) -> list[tuple[str, int]]:
        """Return an owner's folders by name, each with its number of sessions that are not archived."""
        rows = await self._session.execute(
            select(SessionRow.folder, func.count())
            .where(
                SessionRow.user_id == user_id,
                SessionRow.deleted_at.is_(None),
                SessionRow.archived.is_(False),
                SessionRow.folder.is_not(None),
            )
            .group_by(SessionRow.folder)
            .order_by(SessionRow.folder)
        )
        return [(name or "", count) for name, count in rows.all()]

    async def rename(self, user_id: int, name: str, new_name: str | None) -> list[str]:
        """Give every session of a folder another one, archived and deleted ones too; returns their ids."""
        rows = await self._session.scalars(
            update(SessionRow)
            .where(SessionRow.user_id == user_id, SessionRow.folder == name)
            .values(folder=new_name, updated_at=SessionRow.updated_at)
            .returning(SessionRow.public_id)
        )
        return list(rows.all())

    async def put(self, user_id: int, name: str, session_ids: Sequence[str]) -> list[str]:
        """Put an owner's sessions into a folder; returns the ids of those that there are."""
        rows = await self._session.scalars(
            update(SessionRow)
            .where(SessionRow.user_id == user_id, SessionRow.public_id.in_(session_ids))
            .values(folder=name, updated_at=SessionRow.updated_at)
            .returning(SessionRow.public_id)
        )
        return list(rows.all())
