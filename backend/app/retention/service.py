"""Removes what is older than the settings allow, in small transactions, on whichever replica comes first."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from app.attachments.tables import Attachment
from app.audit.service import note
from app.audit.tables import AuditRow
from app.chat.tables import IS_ACTIVE, SessionRow, TurnRow
from app.config import Settings
from app.db.base import Base
from app.db.session import Database
from app.errors import PortalError
from app.gateway.tables import Conversation
from app.kit.clock import Clock
from app.usage.tables import UsageRow

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 3600.0
BATCH = 500  # SQLite has one writer: nobody waits for a year's worth of rows
_PORTAL = (None, "(retention)")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data: what is removed once it is older than `days`."""

    name: str
    days: int
    table: type[Base]
    row_id: InstrumentedAttribute[str]
    is_old: Callable[[datetime], ColumnElement[bool]]


def kinds(settings: Settings) -> list[Kind]:
    """Return the kinds that have a limit."""
    runs = exists().where(TurnRow.session_pk == SessionRow.id, IS_ACTIVE)
    every: list[Kind] = [
        # pinned conversations were said to be worth keeping
        Kind(
            "sessions",
            settings.retention_sessions_days,
            SessionRow,
            SessionRow.id,
            lambda before: (SessionRow.updated_at < before) & ~SessionRow.pinned & ~runs,
        ),
        Kind(
            "turns",
            settings.retention_turns_days,
            TurnRow,
            TurnRow.id,
            lambda before: TurnRow.finished_at < before,  # one that runs has no end yet
        ),
        Kind(
            "usage",
            settings.retention_usage_days,
            UsageRow,
            UsageRow.id,
            lambda before: UsageRow.created_at < before,
        ),
        Kind(
            "audit",
            settings.retention_audit_days,
            AuditRow,
            AuditRow.id,
            lambda before: AuditRow.created_at < before,
        ),
        Kind(
            "attachments",
            settings.retention_attachments_days,
            Attachment,
            Attachment.id,
            lambda before: Attachment.created_at < before,
        ),
        Kind(
            "v1_conversations",
            settings.retention_v1_conversations_days,
            Conversation,
            Conversation.id,
            lambda before: Conversation.updated_at < before,
        ),
    ]
    return [kind for kind in every if kind.days]


class Retention:
    """Sweeps at start and every hour. Every replica may: what one has removed, another does not find."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._kinds = kinds(settings)
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._kinds:
            self._task = asyncio.create_task(self._watch(), name="retention")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> dict[str, int]:
        """Remove everything that is too old; returns how many of each kind."""
        return {kind.name: await self._remove(kind) for kind in self._kinds}

    async def _remove(self, kind: Kind) -> int:
        before = self._clock.now() - timedelta(days=kind.days)
        removed = 0
        while (batch := await self._batch(kind, before)) > 0:
            removed += batch
        if removed:
            logger.info("retention: %d %s older than %d days are gone", removed, kind.name, kind.days)
            async with self._database.transaction() as session:
                facts: dict[str, Any] = {"removed": removed, "days": kind.days}
                note(session, "retention.remove", kind.name, actor=_PORTAL, at=self._clock.now(), **facts)
        return removed

    async def _batch(self, kind: Kind, before: datetime) -> int:
        async with self._database.transaction() as session:
            query = select(kind.row_id).where(kind.is_old(before)).limit(BATCH)
            ids = (await session.scalars(query)).all()
            await session.execute(
                delete(kind.table).where(kind.row_id.in_(ids)),
                execution_options={"synchronize_session": False},
            )
        return len(ids)

    async def _watch(self) -> None:
        while True:
            try:
                await self.sweep()
            except PortalError as error:
                logger.warning("retention could not look: %s", error.message)
            except Exception:
                logger.exception("retention failed")
            await asyncio.sleep(INTERVAL_SECONDS)
