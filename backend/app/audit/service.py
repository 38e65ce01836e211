"""Writes and reads the audit log. Details hold facts (a role, a name), never a password, key or prompt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.tables import AuditRow
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_id
from app.kit.logging import request_id_var

Actor = tuple[int | None, str]
"""The id and the e-mail address of who does something."""

NOBODY: Actor = (None, "")
TERMINAL: Actor = (None, "(command line)")
_SUBJECT_CHARS = 320
_EXPORT_STEP = 1000

actor_var: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
"""Who acts in this request: set where a credential is checked, so that services need not hand it on."""


def note(
    session: AsyncSession,
    action: str,
    subject: str = "",
    *,
    actor: Actor | None = None,
    at: datetime | None = None,
    **details: Any,
) -> None:
    """Add a line in the caller's transaction: what is rolled back was not done.

    `action` is `thing.verb`; `subject` names what it was done to, as a person would.
    """
    actor_id, address = actor or actor_var.get()
    session.add(
        AuditRow(
            id=new_id(),
            created_at=at or SystemClock().now(),
            actor_id=actor_id,
            actor=address,
            action=action,
            subject=subject[:_SUBJECT_CHARS],
            details=details or None,
            request_id=request_id_var.get(),
        )
    )


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines are wanted; empty: all."""

    action: str | None = None  # one action, or all of one thing: `key` is `key.create`, `key.revoke` …
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what the lines must fulfil."""
        found: list[ColumnElement[bool]] = []
        if self.action:
            prefix = AuditRow.action.startswith(f"{self.action}.", autoescape=True)
            found.append(or_(AuditRow.action == self.action, prefix))
        if self.actor:
            found.append(AuditRow.actor.contains(self.actor.strip().lower(), autoescape=True))
        if self.subject:
            found.append(AuditRow.subject.contains(self.subject.strip(), autoescape=True))
        if self.since:
            found.append(AuditRow.created_at >= self.since)
        if self.until:
            found.append(AuditRow.created_at < self.until)
        return found


class AuditService:
    """One for the process."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def record(
        self, action: str, subject: str = "", *, actor: Actor | None = None, **details: Any
    ) -> None:
        """Add a line in a transaction of its own."""
        async with self._database.transaction() as session:
            note(session, action, subject, actor=actor, at=self._clock.now(), **details)

    async def page(self, wish: AuditFilter, *, before: str | None, limit: int) -> Sequence[AuditRow]:
        """Return the newest lines first; `before` is the id of the last line that was seen."""
        query = select(AuditRow).where(*wish.conditions()).order_by(AuditRow.id.desc()).limit(limit)
        if before:
            query = query.where(AuditRow.id < before)
        async with self._database.reading() as session:
            return (await session.scalars(query)).all()

    async def lines(self, wish: AuditFilter) -> AsyncIterator[AuditRow]:
        """Yield all lines, the newest first, a step in memory at a time."""
        before: str | None = None
        while rows := await self.page(wish, before=before, limit=_EXPORT_STEP):
            for row in rows:
                yield row
            before = rows[-1].id
