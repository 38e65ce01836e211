"""Which tables a transaction has written, so that what was read from them before can be forgotten when it is committed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session

_WRITTEN = "written_tables"
UNNOTED = "is_unnoted"
"""An execution option of statements that change nothing that anybody keeps (the time of last use)."""


class NotingSession(Session):
    """Notes the tables of rows that are flushed, and of updates and deletions by query."""


def written_tables(session: AsyncSession) -> set[str]:
    """Return the names of the tables that this session has written so far."""
    return _noted(session.sync_session)


def _noted(session: Session) -> set[str]:
    tables: set[str] = session.info.setdefault(_WRITTEN, set())
    return tables


@event.listens_for(NotingSession, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        _noted(session).add(row.__tablename__)


@event.listens_for(NotingSession, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if state.is_select or state.bind_mapper is None or UNNOTED in state.execution_options:
        return
    _noted(state.session).add(str(getattr(state.bind_mapper.local_table, "name", "")))
