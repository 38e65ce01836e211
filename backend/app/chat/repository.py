"""Queries on sessions and messages. Every look-up that a caller reaches is by owner; nothing here commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.tables import IS_ACTIVE, MessageRow, SessionRow, ShareRow, TurnRow
from app.chat.tree import Node

_PLAIN = re.compile(
    r"[\x21-\x7e]{1,128}"
)  # what an id can look like; PostgreSQL refuses NUL even in a comparison
# made once: building a statement costs more than SQLite needs to run it
_FIND = select(SessionRow).where(
    SessionRow.user_id == bindparam("user_id"),
    SessionRow.public_id == bindparam("public_id"),
    SessionRow.deleted_at.is_(None),
)
_CLAIM = _FIND.with_for_update()
_NODES = (
    select(
        MessageRow.id,
        MessageRow.parent_id,
        MessageRow.role,
        MessageRow.content,
        MessageRow.reasoning,
        MessageRow.tool_calls,
        MessageRow.status,
        MessageRow.model,
        MessageRow.turn_id,
        MessageRow.tokens,
        MessageRow.created_at,
        TurnRow.prefix_tokens,
        TurnRow.prefix_key,
        TurnRow.anchor_message_id,
        MessageRow.attachments,
    )
    .outerjoin(TurnRow, TurnRow.id == MessageRow.turn_id)
    .where(MessageRow.session_pk == bindparam("session_pk"))
    .order_by(MessageRow.created_at, MessageRow.id)
)
Hit = tuple[SessionRow, MessageRow | None]


class SessionRepository:
    """Sessions of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, user_id: int, public_id: str) -> SessionRow | None:
        if not is_plain_id(public_id):
            return None
        return await self._session.scalar(_FIND, {"user_id": user_id, "public_id": public_id})

    async def claim(self, user_id: int, public_id: str) -> SessionRow | None:
        """Find a session and let nobody else add a turn to it before this transaction ends."""
        return await self._session.scalar(_CLAIM, {"user_id": user_id, "public_id": public_id})

    async def get(self, session_pk: str) -> SessionRow | None:
        return await self._session.get(SessionRow, session_pk)

    async def find_deleted(self, user_id: int, public_id: str, since: datetime) -> SessionRow | None:
        """Return the session of that id which was deleted last."""
        if not is_plain_id(public_id):
            return None
        return await self._session.scalar(
            select(SessionRow)
            .where(
                SessionRow.user_id == user_id,
                SessionRow.public_id == public_id,
                SessionRow.deleted_at >= since,
            )
            .order_by(SessionRow.deleted_at.desc())
            .limit(1)
        )

    async def add(self, row: SessionRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def all_ids(self, user_id: int) -> list[str]:
        """Return the keys of an owner's living sessions, the oldest first."""
        rows = await self._session.scalars(
            select(SessionRow.id)
            .where(SessionRow.user_id == user_id, SessionRow.deleted_at.is_(None))
            .order_by(SessionRow.created_at, SessionRow.id)
        )
        return list(rows)

    async def page(
        self,
        user_id: int,
        *,
        limit: int,
        after: tuple[bool, datetime, str] | None,
        is_archived: bool,
        folder: str | None,
    ) -> Sequence[SessionRow]:
        """Return the sessions after a key of (pinned, updated_at, id): pinned first, then the newest."""
        query = select(SessionRow).where(
            SessionRow.user_id == user_id,
            SessionRow.deleted_at.is_(None),
            SessionRow.archived == is_archived,
        )
        if folder is not None:
            query = query.where(SessionRow.folder == folder)
        if after is not None:
            pinned, updated_at, row_id = after
            older = or_(
                SessionRow.updated_at < updated_at,
                (SessionRow.updated_at == updated_at) & (SessionRow.id < row_id),
            )
            same_pin = (SessionRow.pinned == pinned) & older
            query = query.where(or_(same_pin, SessionRow.pinned.is_(False)) if pinned else same_pin)
        query = query.order_by(SessionRow.pinned.desc(), SessionRow.updated_at.desc(), SessionRow.id.desc())
        return (await self._session.scalars(query.limit(limit))).all()

    async def active_turns(self, session_pks: Sequence[str]) -> dict[str, str]:
        """Return the oldest turn that is not over, for each session that has one."""
        rows = await self._session.execute(
            select(TurnRow.session_pk, TurnRow.id)
            .where(TurnRow.session_pk.in_(session_pks), IS_ACTIVE)
            .order_by(TurnRow.created_at.desc(), TurnRow.id.desc())
        )
        return dict(rows.all())

    async def search(self, user_id: int, folded_query: str, limit: int) -> list[Hit]:
        """Return sessions whose title, and messages whose text, holds the query; the newest first."""
        mine = (SessionRow.user_id == user_id) & SessionRow.deleted_at.is_(None)
        pattern = f"%{_escaped(folded_query)}%"
        titles = await self._session.scalars(
            select(SessionRow)
            .where(mine, SessionRow.search_text.like(pattern, escape="\\"))
            .order_by(SessionRow.updated_at.desc())
            .limit(limit)
        )
        hits: list[Hit] = [(row, None) for row in titles]
        if len(hits) < limit:
            texts = await self._session.execute(
                select(SessionRow, MessageRow)
                .join(MessageRow, MessageRow.session_pk == SessionRow.id)
                .where(mine, MessageRow.search_text.like(pattern, escape="\\"))
                .order_by(MessageRow.created_at.desc())
                .limit(limit - len(hits))
            )
            hits.extend((session, message) for session, message in texts)
        return hits

    async def mark_deleted(self, session_pk: str, now: datetime) -> None:
        """Delete with undo; a link to it is withdrawn for good."""
        await self._session.execute(delete(ShareRow).where(ShareRow.session_pk == session_pk))
        await self._session.execute(
            update(SessionRow).where(SessionRow.id == session_pk).values(deleted_at=now)
        )

    async def purge(self, deleted_before: datetime) -> int:
        """Remove for good what was deleted long enough ago; messages and turns go with it."""
        result = await self._session.execute(delete(SessionRow).where(SessionRow.deleted_at < deleted_before))
        return int(getattr(result, "rowcount", 0))


class MessageRepository:
    """Messages of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, session_pk: str, message_id: str) -> MessageRow | None:
        if not is_plain_id(message_id):
            return None
        return await self._session.scalar(
            select(MessageRow).where(MessageRow.id == message_id, MessageRow.session_pk == session_pk)
        )

    async def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add many messages at once, as columns."""
        if rows:
            await self._session.execute(insert(MessageRow), rows)

    async def nodes(self, session_pk: str) -> dict[str, Node]:
        """Load a session's whole tree in one query, oldest first, without making ORM objects."""
        rows = await self._session.execute(_NODES, {"session_pk": session_pk})
        return {row[0]: Node(*row) for row in rows}

    async def turn_facts(self, session_pk: str) -> dict[str, Row[Any]]:
        """Return usage, timings and error of each of a session's turns, by turn id."""
        rows = await self._session.execute(
            select(
                TurnRow.id,
                TurnRow.usage,
                TurnRow.timings,
                TurnRow.finish_reason,
                TurnRow.error_code,
                TurnRow.error_message,
            ).where(TurnRow.session_pk == session_pk)
        )
        return {row[0]: row for row in rows}


def is_plain_id(text: str) -> bool:
    """Whether a query can be given this as an id."""
    return _PLAIN.fullmatch(text) is not None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
