"""Shows a conversation to whoever has its link: a copy of one branch, until it is withdrawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import note
from app.chat.errors import (
    NothingToShareError,
    NotSharedError,
    SessionNotFoundError,
    SharedNotFoundError,
    TooManyReadsError,
)
from app.chat.portable import file_names
from app.chat.repository import MessageRepository, SessionRepository
from app.chat.share_repository import ShareRepository
from app.chat.share_schemas import SharedSession, ShareState
from app.chat.tables import SessionRow, ShareRow
from app.chat.tree import Node, path_to
from app.coord.base import CoordUnavailableError, RateWindows
from app.db.session import Database
from app.kit.addresses import network_of
from app.kit.clock import Clock, SystemClock, isoformat
from app.kit.hashing import digest
from app.kit.ids import new_id, new_secret

READS_PER_MINUTE = 120  # of one address; a class behind one router reads a page each
_TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_FINISHED = ("complete", "stopped")


class ShareService:
    """Owners' methods find nothing of anybody else's; `read` takes a token and nothing else."""

    def __init__(self, database: Database, rates: RateWindows, clock: Clock | None = None) -> None:
        self._database = database
        self._rates = rates
        self._clock = clock or SystemClock()

    async def share(self, user_id: int, session_id: str, *, has_reasoning: bool) -> tuple[str, ShareRow]:
        """Make a link to the branch as it is now, and return its token; an earlier link is dead at once.

        Raises SessionNotFoundError, NothingToShareError.
        """
        token, now = new_secret(_TOKEN_BYTES), self._clock.now()
        async with self._database.transaction() as db:
            session = await _claimed(db, user_id, session_id)
            branch = await _finished_branch(db, session)
            await ShareRepository(db).withdraw(session.id)
            row = ShareRow(
                id=new_id(),
                session_pk=session.id,
                token_hash=digest(token),
                title=session.title,
                messages=_snapshot(branch, has_reasoning=has_reasoning),
                has_reasoning=has_reasoning,
                leaf_id=branch[-1].id,
                created_at=now,
                updated_at=now,
            )
            await ShareRepository(db).add(row)
            note(db, "share.create", session.public_id, with_reasoning=has_reasoning)
        return token, row

    async def update(self, user_id: int, session_id: str) -> ShareState:
        """Show the branch as it is now under the link there is.

        Raises SessionNotFoundError, NotSharedError, NothingToShareError.
        """
        async with self._database.transaction() as db:
            session = await _claimed(db, user_id, session_id)
            row = await ShareRepository(db).of_session(session.id)
            if row is None:
                raise NotSharedError
            branch = await _finished_branch(db, session)
            row.title, row.leaf_id, row.updated_at = session.title, branch[-1].id, self._clock.now()
            row.messages = _snapshot(branch, has_reasoning=row.has_reasoning)
            note(db, "share.update", session.public_id)
        return _state(row, branch)

    async def state(self, user_id: int, session_id: str) -> ShareState:
        """Raises SessionNotFoundError."""
        async with self._database.reading() as db:
            session = await SessionRepository(db).find(user_id, session_id)
            if session is None:
                raise SessionNotFoundError
            row = await ShareRepository(db).of_session(session.id)
            if row is None:
                return ShareState(is_shared=False)
            return _state(row, await _finished(db, session))

    async def withdraw(self, user_id: int, session_id: str) -> None:
        """Let the link show nothing any more, at once and everywhere. Raises SessionNotFoundError."""
        async with self._database.transaction() as db:
            session = await _claimed(db, user_id, session_id)
            await ShareRepository(db).withdraw(session.id)
            note(db, "share.withdraw", session.public_id)

    async def read(self, token: str, address: str) -> SharedSession:
        """Return what a link shows.

        Raises SharedNotFoundError, the same for tokens that never were and for withdrawn ones, and TooManyReadsError.
        """
        await self._admit(address)
        if _TOKEN.fullmatch(token) is None:
            raise SharedNotFoundError
        async with self._database.reading() as db:
            row = await ShareRepository(db).by_token(digest(token))
        if row is None:
            raise SharedNotFoundError
        return SharedSession.model_validate(
            {
                "title": row.title or "Conversation",
                "created_at": row.created_at,
                "updated_at": row.updated_at,
                "messages": [{"files": [], **message} for message in row.messages],
            }
        )

    async def _admit(self, address: str) -> None:
        name = f"shared:{network_of(address)}"
        try:
            decision = await self._rates.take(name, limit=READS_PER_MINUTE, window_seconds=60.0)
        except CoordUnavailableError:
            return  # nobody guesses 192 bits: the limit only spares the database
        if not decision.is_allowed:
            raise TooManyReadsError(decision.retry_after_seconds)


async def _claimed(db: AsyncSession, user_id: int, session_id: str) -> SessionRow:
    """Find a session and let nobody else share it before this transaction ends."""
    sessions = SessionRepository(db)
    if await sessions.find(user_id, session_id) is None:
        raise SessionNotFoundError
    session = await sessions.claim(user_id, session_id)
    if session is None:
        raise SessionNotFoundError
    return session


async def _finished(db: AsyncSession, session: SessionRow) -> list[Node]:
    """Return the active branch without what failed, is being written, or says nothing."""
    path = path_to(await MessageRepository(db).nodes(session.id), session.active_leaf_id)
    return [node for node in path if node.status in _FINISHED and (node.content.strip() or node.attachments)]


async def _finished_branch(db: AsyncSession, session: SessionRow) -> list[Node]:
    branch = await _finished(db, session)
    if not branch:
        raise NothingToShareError
    return branch


def _snapshot(branch: Sequence[Node], *, has_reasoning: bool) -> list[dict[str, Any]]:
    return [
        {
            "role": node.role,
            "content": node.content,
            "reasoning": node.reasoning if has_reasoning else None,
            "files": file_names(node),
            "created_at": isoformat(node.created_at),
        }
        for node in branch
    ]


def _state(row: ShareRow, branch: Sequence[Node]) -> ShareState:
    return ShareState(
        is_shared=True,
        created_at=row.created_at,
        updated_at=row.updated_at,
        includes_reasoning=row.has_reasoning,
        messages=len(row.messages),
        is_outdated=not branch or branch[-1].id != row.leaf_id,
    )
