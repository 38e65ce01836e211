"""Queries over stored providers; never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.tables import Provider


class ProviderRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[Provider]:
        """Return all of them in the order of their names."""
        return (await self._session.scalars(select(Provider).order_by(Provider.name))).all()

    async def find(self, provider_id: str) -> Provider | None:
        return await self._session.get(Provider, provider_id)

    async def is_named(self, name: str) -> bool:
        return await self._session.scalar(select(Provider.id).where(Provider.name == name)) is not None

    async def add(self, row: Provider) -> None:
        self._session.add(row)
        await self._session.flush()

    async def delete(self, row: Provider) -> None:
        await self._session.delete(row)
        await self._session.flush()
