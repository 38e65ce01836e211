"""Queries on turns. A caller's look-up is by owner; what replicas do among themselves is by lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, Update, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.repository import is_plain_id
from app.chat.tables import IS_ACTIVE, MessageRow, SessionRow, TurnRow
from app.db.base import Base

Owned = tuple[TurnRow, SessionRow]
_MESSAGES = MessageRow.__table__
assert isinstance(_MESSAGES, Table)

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
_GET_TO_END = _GET.with_for_update(of=TurnRow)
_SAVE_PARTIAL = (
    update(_MESSAGES)
    .where(
        _MESSAGES.c.id
        == select(TurnRow.assistant_message_id).where(TurnRow.id == bindparam("the_turn")).scalar_subquery(),
        _MESSAGES.c.status == "streaming",
    )
    .values(content=bindparam("the_content"), reasoning=bindparam("the_reasoning"))
)


@cache
def _update_of(model: type[Base], columns: tuple[str, ...]) -> Update:
    """Make the UPDATE of these columns of one row, once."""
    table = model.__table__
    assert isinstance(table, Table)
    return (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in columns})
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

    async def get_to_end(self, turn_id: str) -> Owned | None:
        """Like `get`, and nobody else (the reaper of another replica) can end the turn before the transaction is over."""
        return (await self._session.execute(_GET_TO_END, {"turn_id": turn_id})).first()

    async def lock(self, turn_id: str) -> None:
        """Let nobody else end this turn before the transaction is over; what is read after it is what stands."""
        await self._session.execute(select(TurnRow.id).where(TurnRow.id == turn_id).with_for_update())

    async def last_in_queue(self, session_pk: str) -> str | None:
        """Return the answer of the last turn in a session's queue."""
        return await self._session.scalar(_LAST_IN_QUEUE, {"session_pk": session_pk})

    async def has_earlier(self, turn: TurnRow, now: datetime) -> bool:
        """Tell whether a turn of the same session that was stored before this one lives and is not over."""
        found = await self._session.scalar(
            select(TurnRow.id)
            .where(
                TurnRow.session_pk == turn.session_pk,
                IS_ACTIVE,
                TurnRow.lease_until > now,
                tuple_(TurnRow.created_at, TurnRow.id) < (turn.created_at, turn.id),
            )
            .limit(1)
        )
        return found is not None

    async def last_prefix_tokens(self, session_pk: str) -> int:
        """Return the exact length of a session's last counted prefix."""
        query = (
            select(TurnRow.prefix_tokens)
            .where(TurnRow.session_pk == session_pk, TurnRow.prefix_tokens.is_not(None))
            .order_by(TurnRow.created_at.desc())
            .limit(1)
        )
        return await self._session.scalar(query) or 0

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
        await self._update(TurnRow, turn_id, values)

    async def update_message(self, message_id: str, **values: Any) -> None:
        await self._update(MessageRow, message_id, values)

    async def _update(self, model: type[Base], row_id: str, values: dict[str, Any]) -> None:
        parameters = {f"new_{name}": value for name, value in values.items()}
        connection = await self._session.connection()
        await connection.execute(_update_of(model, tuple(values)), {"row_id": row_id, **parameters})

    async def save_partials(self, partials: Iterable[tuple[str, str, str]]) -> None:
        """Write `(turn_id, content, reasoning)` into answers that are still streaming."""
        parameters = [
            {"the_turn": turn_id, "the_content": content, "the_reasoning": reasoning or None}
            for turn_id, content, reasoning in partials
        ]
        if parameters:
            connection = await self._session.connection()
            await connection.execute(_SAVE_PARTIAL, parameters)

    async def renew_leases(self, turn_ids: Sequence[str], replica_id: str, until: datetime) -> None:
        await self._session.execute(
            update(TurnRow)
            .where(TurnRow.id.in_(turn_ids), TurnRow.replica_id == replica_id)
            .values(lease_until=until)
        )
