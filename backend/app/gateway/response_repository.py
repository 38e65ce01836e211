"""Queries on stored responses. A caller's look-up is by owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.gateway.tables import ACTIVE, StoredResponse
from app.kit.ids import is_id

_LONGEST_CHAIN = 1000


class ResponseRepository:
    """Responses of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: StoredResponse) -> None:
        self._session.add(row)

    async def find(self, user_id: int, row_id: str) -> StoredResponse | None:
        """Return the owner's response."""
        if not is_id(row_id):
            return None
        query = select(StoredResponse).where(StoredResponse.id == row_id, StoredResponse.user_id == user_id)
        return (await self._session.scalars(query)).first()

    async def get(self, row_id: str) -> StoredResponse | None:
        """Return a response of whatever owner."""
        return await self._session.get(StoredResponse, row_id)

    async def is_open(self, row_id: str) -> bool:
        """Whether a response has no answer yet; until the transaction ends nobody else can give it one."""
        query = select(StoredResponse.status).where(StoredResponse.id == row_id).with_for_update()
        return (await self._session.scalar(query)) not in (None, "completed", "incomplete")

    async def chain(self, user_id: int, row_id: str) -> Sequence[StoredResponse]:
        """Return the owner's response and those that it goes on from, the oldest first."""
        table = StoredResponse.__table__.c
        is_own = table.user_id == user_id
        first = select(table.id, table.previous_id, literal(0).label("depth")).where(
            table.id == row_id, is_own
        )
        chain = first.cte("chain", recursive=True)
        further = select(table.id, table.previous_id, chain.c.depth + 1).where(
            table.id == chain.c.previous_id, is_own, chain.c.depth < _LONGEST_CHAIN
        )
        chain = chain.union_all(further)
        query = select(StoredResponse).join(chain, chain.c.id == StoredResponse.id)
        return (await self._session.scalars(query.order_by(chain.c.depth.desc()))).all()

    async def update(self, row_id: str, **values: Any) -> None:
        await self._session.execute(
            update(StoredResponse).where(StoredResponse.id == row_id).values(**values)
        )

    async def delete(self, user_id: int, row_id: str) -> bool:
        """Remove the owner's response; whether there was one."""
        query = delete(StoredResponse).where(StoredResponse.id == row_id, StoredResponse.user_id == user_id)
        return bool((await self._session.execute(query.returning(StoredResponse.id))).first())

    async def active(self) -> Sequence[StoredResponse]:
        """Return what anybody works on in the background."""
        query = select(StoredResponse).where(StoredResponse.status.in_(ACTIVE))
        return (await self._session.scalars(query)).all()

    async def take_over(self, row: StoredResponse, replica_id: str, until: datetime) -> bool:
        """Make a response this replica's whose own is gone; whether nobody else was faster."""
        query = (
            update(StoredResponse)
            .where(
                StoredResponse.id == row.id,
                StoredResponse.status.in_(ACTIVE),
                StoredResponse.lease_until.is_(None)
                if row.lease_until is None
                else StoredResponse.lease_until == row.lease_until,
            )
            .values(replica_id=replica_id, lease_until=until)
        )
        return bool((await self._session.execute(query.returning(StoredResponse.id))).first())

    async def renew(self, row_ids: Sequence[str], until: datetime) -> None:
        """Say that what a replica works on is still worked on."""
        await self._session.execute(
            update(StoredResponse).where(StoredResponse.id.in_(row_ids)).values(lease_until=until)
        )

    async def delete_before(self, instant: datetime) -> int:
        """Remove what is older and over; returns how many."""
        query = delete(StoredResponse).where(
            StoredResponse.created_at < instant, StoredResponse.status.not_in(ACTIVE)
        )
        return len((await self._session.execute(query.returning(StoredResponse.id))).all())
