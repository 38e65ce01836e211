"""Queries on turns. A caller's look-up is by owner; what replicas do among themselves is by lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.repository import is_plain_id
from app.chat.tables import IS_ACTIVE, MessageRow, SessionRow, TurnRow

Owned = tuple[TurnRow, SessionRow]

# made once: building a statement costs more than SQLite needs to run it
_LAST_IN_QUEUE = (
    select(TurnRow.assistant_message_id)
    .where(TurnRow.session_pk == bindparam("session_pk"), IS_ACTIVE)
    .order_by(TurnRow.created_at.desc())
    .limit(1)
)
_GET = (
    select(TurnRow, SessionRow)
    .join(SessionRow, SessionRow.id == TurnRow.session_pk)
    .where(TurnRow.id == bindparam("turn_id"))
)


class TurnRepository:
    """Turns of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, user_id: int, turn_id: str) -> Owned | None:
        """Return the owner's turn with its session, unless that session was deleted."""
        if not is_plain_id(turn_id):
            return None
        row = await self._session.execute(
            select(TurnRow, SessionRow)
            .join(SessionRow, SessionRow.id == TurnRow.session_pk)
            .where(TurnRow.id == turn_id, TurnRow.user_id == user_id, SessionRow.deleted_at.is_(None))
        )
        return row.first()

    async def find_by_key(self, user_id: int, idempotency_key: str) -> Owned | None:
        row = await self._session.execute(
            select(TurnRow, SessionRow)
            .join(SessionRow, SessionRow.id == TurnRow.session_pk)
            .where(TurnRow.user_id == user_id, TurnRow.idempotency_key == idempotency_key)
        )
        return row.first()

    async def get(self, turn_id: str) -> Owned | None:
        """Return a turn of whatever owner; None when it went with its session or owner."""
        return (await self._session.execute(_GET, {"turn_id": turn_id})).first()

    async def last_in_queue(self, session_pk: str) -> str | None:
        """Return the answer of the last turn in a session's queue."""
        return await self._session.scalar(_LAST_IN_QUEUE, {"session_pk": session_pk})

    async def active_of_session(self, session_pk: str) -> Sequence[TurnRow]:
        """Return a session's turns that are not over, oldest first."""
        rows = await self._session.scalars(
            select(TurnRow)
            .where(TurnRow.session_pk == session_pk, IS_ACTIVE)
            .order_by(TurnRow.created_at, TurnRow.id)
        )
        return rows.all()

    async def active(self) -> Sequence[TurnRow]:
        """Return every turn of every owner that is not over (for the reaper)."""
        return (await self._session.scalars(select(TurnRow).where(IS_ACTIVE))).all()

    async def update(self, turn_id: str, **values: Any) -> None:
        await self._session.execute(update(TurnRow).where(TurnRow.id == turn_id).values(**values))

    async def update_message(self, message_id: str, **values: Any) -> None:
        await self._session.execute(update(MessageRow).where(MessageRow.id == message_id).values(**values))

    async def save_partials(self, partials: Iterable[tuple[str, str, str]]) -> None:
        """Write `(turn_id, content, reasoning)` into answers that are still streaming."""
        answer_of_turn = (
            select(TurnRow.assistant_message_id).where(TurnRow.id == bindparam("the_turn")).scalar_subquery()
        )
        statement = (
            update(MessageRow)
            .where(MessageRow.id == answer_of_turn, MessageRow.status == "streaming")
            .values(content=bindparam("the_content"), reasoning=bindparam("the_reasoning"))
            .execution_options(synchronize_session=False)
        )
        parameters = [
            {"the_turn": turn_id, "the_content": content, "the_reasoning": reasoning or None}
            for turn_id, content, reasoning in partials
        ]
        if parameters:
            connection = await self._session.connection()
            await connection.execute(statement, parameters)

    async def renew_leases(self, turn_ids: Sequence[str], replica_id: str, until: datetime) -> None:
        await self._session.execute(
            update(TurnRow)
            .where(TurnRow.id.in_(turn_ids), TurnRow.replica_id == replica_id)
            .values(lease_until=until)
        )
