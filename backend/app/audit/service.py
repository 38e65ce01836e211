"""Writes and reads the audit log. Details hold facts (a role, a name), never a password, key or prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.tables import AuditRow
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_id
from app.kit.logging import request_id_var


class AuditService:
    """One for the process. `note` writes in the caller's transaction: what is rolled back was not done."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def note(
        self,
        session: AsyncSession,
        actor: tuple[int | None, str],
        action: str,
        subject: str = "",
        **details: Any,
    ) -> None:
        """Add a line; `actor` is the id and the e-mail address of who does it."""
        session.add(
            AuditRow(
                id=new_id(),
                created_at=self._clock.now(),
                actor_id=actor[0],
                actor=actor[1],
                action=action,
                subject=subject,
                details=details or None,
                request_id=request_id_var.get(),
            )
        )

    async def record(
        self, actor: tuple[int | None, str], action: str, subject: str = "", **details: Any
    ) -> None:
        """Add a line in a transaction of its own."""
        async with self._database.transaction() as session:
            self.note(session, actor, action, subject, **details)

    async def page(
        self, *, action: str | None, actor: str | None, before: str | None, limit: int
    ) -> Sequence[AuditRow]:
        """Return the newest lines first; `before` is the id of the last line that was seen."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if action:
            query = query.where(AuditRow.action == action)
        if actor:
            query = query.where(AuditRow.actor == actor.strip().lower())
        if before:
            query = query.where(AuditRow.id < before)
        async with self._database.reading() as session:
            return (await session.scalars(query)).all()
