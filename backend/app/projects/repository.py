"""Rows of projects; never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.projects.tables import ProjectRow


class ProjectRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[ProjectRow]:
        return (await self._session.scalars(select(ProjectRow).order_by(ProjectRow.name))).all()

    async def find(self, name: str) -> ProjectRow | None:
        return await self._session.get(ProjectRow, name)

    async def add(self, row: ProjectRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def delete(self, row: ProjectRow) -> None:
        await self._session.delete(row)
        await self._session.flush()
