"""What an owner does with sessions: list, search, create, change, delete with undo, switch branches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import note
from app.chat.errors import MessageNotFoundError, SessionExistsError, SessionNotFoundError
from app.chat.excerpts import fold
from app.chat.repository import MessageRepository, SessionRepository, is_plain_id
from app.chat.schemas import (
    SearchResult,
    SessionCreate,
    SessionDetail,
    SessionPage,
    SessionRead,
    SessionUpdate,
)
from app.chat.tables import SessionRow
from app.chat.tree import newest_leaf_below
from app.chat.turn_repository import TurnRepository
from app.chat.views import search_hit, session_detail, session_read
from app.db.session import Database
from app.errors import UnprocessableError
from app.kit.clock import Clock, SystemClock
from app.kit.hashing import digest
from app.kit.ids import new_id
from app.kit.pagination import BadCursorError, decode_cursor, encode_cursor

UNDO_WINDOW = timedelta(hours=24)


class SessionService:
    """Every method takes the owner, and finds nothing of anybody else's."""

    def __init__(
        self, database: Database, cancel_turn: Callable[[str], Awaitable[bool]], clock: Clock | None = None
    ) -> None:
        self._database = database
        self._cancel_turn = cancel_turn
        self._clock = clock or SystemClock()
        self.on_changed: Callable[[int, str], None] = lambda user_id, session_id: None

    async def page(
        self, user_id: int, *, cursor: str | None, limit: int, is_archived: bool, folder: str | None
    ) -> SessionPage:
        after = _decode(cursor) if cursor else None
        async with self._database.reading() as db:
            sessions = SessionRepository(db)
            rows = await sessions.page(
                user_id, limit=limit + 1, after=after, is_archived=is_archived, folder=folder
            )
            active = await sessions.active_turns([row.id for row in rows])
        items = [session_read(row, active.get(row.id)) for row in rows[:limit]]
        return SessionPage(items=items, next_cursor=_encode(rows[limit - 1]) if len(rows) > limit else None)

    async def search(self, user_id: int, query: str, limit: int) -> SearchResult:
        folded = fold(query)
        if not folded:
            return SearchResult(items=[])
        async with self._database.reading() as db:
            hits = await SessionRepository(db).search(user_id, folded, limit)
        return SearchResult(items=[search_hit(hit, folded) for hit in hits])

    async def create(self, user_id: int, wish: SessionCreate) -> SessionRead:
        """Raises SessionExistsError when the owner has that id already."""
        now = self._clock.now()
        row = SessionRow(
            id=new_id(),
            user_id=user_id,
            public_id=wish.id or new_id(),
            title=wish.title or "",
            title_source="user" if wish.title else "auto",
            search_text=fold(wish.title or ""),
            system_prompt=wish.system_prompt,
            model=wish.model,
            pinned=False,
            archived=False,
            created_at=now,
            updated_at=now,
        )
        try:
            async with self._database.transaction() as db:
                await SessionRepository(db).add(row)
        except IntegrityError as error:
            raise SessionExistsError from error
        self.on_changed(user_id, row.public_id)
        return session_read(row, None)

    async def detail(self, user_id: int, session_id: str) -> SessionDetail:
        async with self._database.reading() as db:
            session = await _owned(db, user_id, session_id)
            messages = MessageRepository(db)
            nodes = await messages.nodes(session.id)
            facts = await messages.turn_facts(session.id)
            active = await TurnRepository(db).active_of_session(session.id)
        return session_detail(session, nodes, facts, active[0] if active else None)

    async def change(self, user_id: int, session_id: str, wish: SessionUpdate) -> SessionRead:
        async with self._database.transaction() as db:
            session = await _owned(db, user_id, session_id)
            for name in wish.model_fields_set:
                setattr(session, name, getattr(wish, name))
            if "title" in wish.model_fields_set:
                session.title_source, session.search_text = "user", fold(wish.title)
            active = await SessionRepository(db).active_turns([session.id])
        self.on_changed(user_id, session_id)
        return session_read(session, active.get(session.id))

    async def renew_prompt(self, user_id: int, session_id: str, prompt: str, past: frozenset[str]) -> None:
        """Give a session a new prompt if the one it has is one of `past`, which are digests."""
        async with self._database.transaction() as db:
            session = await SessionRepository(db).find(user_id, session_id)
            if session is None or session.system_prompt == prompt:
                return
            if digest(session.system_prompt or "") in past:
                session.system_prompt = prompt

    async def delete(self, user_id: int, session_id: str) -> bool:
        """Delete a session, and stop what is being answered in it; False when there was none."""
        async with self._database.transaction() as db:
            session = await SessionRepository(db).find(user_id, session_id)
            if session is None:
                return False
            running = await TurnRepository(db).active_of_session(session.id)
            await SessionRepository(db).mark_deleted(session.id, self._clock.now())
            note(db, "session.delete", session_id)
        for turn in reversed(running):  # the last in the queue first, so that none of them begins
            await self._cancel_turn(turn.id)
        self.on_changed(user_id, session_id)
        return True

    async def restore(self, user_id: int, session_id: str) -> SessionRead:
        """Undo a delete of the last 24 hours. Raises SessionExistsError when the id was taken again since."""
        async with self._database.transaction() as db:
            sessions = SessionRepository(db)
            since = self._clock.now() - UNDO_WINDOW
            session = await sessions.find_deleted(user_id, session_id, since)
            if session is None:
                raise SessionNotFoundError
            if await sessions.find(user_id, session_id) is not None:
                raise SessionExistsError
            session.deleted_at = None
        self.on_changed(user_id, session_id)
        return session_read(session, None)

    async def switch_branch(self, user_id: int, session_id: str, message_id: str) -> str:
        """Make the newest leaf below a message the active one; returns its id."""
        async with self._database.transaction() as db:
            session = await _owned(db, user_id, session_id)
            nodes = await MessageRepository(db).nodes(session.id)
            if message_id not in nodes:
                raise MessageNotFoundError
            leaf_id = session.active_leaf_id = newest_leaf_below(nodes.values(), message_id)
        self.on_changed(user_id, session_id)
        return leaf_id

    async def purge(self) -> int:
        """Remove for good the sessions whose undo window is over."""
        async with self._database.transaction() as db:
            return await SessionRepository(db).purge(self._clock.now() - UNDO_WINDOW)


async def _owned(db: AsyncSession, user_id: int, session_id: str) -> SessionRow:
    session = await SessionRepository(db).find(user_id, session_id)
    if session is None:
        raise SessionNotFoundError
    return session


def _encode(row: SessionRow) -> str:
    return encode_cursor(int(row.pinned), row.updated_at.isoformat(), row.id)


def _decode(cursor: str) -> tuple[bool, datetime, str]:
    try:
        pinned, updated_at, row_id = decode_cursor(cursor, int, str, str)
        if not is_plain_id(str(row_id)):
            raise ValueError(row_id)
        return bool(pinned), datetime.fromisoformat(str(updated_at)).astimezone(UTC), str(row_id)
    except (BadCursorError, ValueError, OverflowError) as error:
        raise UnprocessableError("cursor: it is not one that this portal gave.") from error
