"""Hands conversations out: one of them, or all that a person has, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.audit.service import note
from app.chat.errors import SessionNotFoundError
from app.chat.markdown import as_markdown
from app.chat.portable import ARCHIVE_FORMAT, PortableSession, portable
from app.chat.repository import MessageRepository, SessionRepository
from app.chat.tree import path_to
from app.db.session import Database
from app.kit.clock import Clock, SystemClock, isoformat


class ExportService:
    """Every method takes the owner, and finds nothing of anybody else's."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def session(self, user_id: int, session_id: str) -> PortableSession:
        """Return a conversation with all its branches. Raises SessionNotFoundError."""
        async with self._database.reading() as db:
            row = await SessionRepository(db).find(user_id, session_id)
            if row is None:
                raise SessionNotFoundError
            nodes = await MessageRepository(db).nodes(row.id)
        return portable(row, nodes.values())

    async def markdown(self, user_id: int, session_id: str) -> tuple[str, str]:
        """Return the title and the active branch as Markdown. Raises SessionNotFoundError."""
        session = await self.session(user_id, session_id)
        by_id = {message.id: message for message in session.messages}
        return session.title, as_markdown(session, path_to(by_id, session.active_leaf_id))

    async def archive(self, user_id: int) -> AsyncIterator[bytes]:
        """Return all conversations, archived ones too, as one JSON document in pieces; one is in memory at a time.

        The database has answered once when this returns: what fails later cuts the document, and the JSON does not end.
        """
        async with self._database.reading() as db:
            session_pks = await SessionRepository(db).all_ids(user_id)
        async with self._database.transaction() as db:
            note(db, "export.all", at=self._clock.now(), conversations=len(session_pks))
        return self._pieces(session_pks)

    async def _pieces(self, session_pks: list[str]) -> AsyncIterator[bytes]:
        now = isoformat(self._clock.now())
        yield f'{{"format":"{ARCHIVE_FORMAT}","exported_at":"{now}","sessions":['.encode()
        separator = b"\n"
        for session_pk in session_pks:
            session = await self._stored(session_pk)
            if session is not None:
                yield separator + session.model_dump_json().encode()
                separator = b",\n"
        yield b"\n]}\n"

    async def _stored(self, session_pk: str) -> PortableSession | None:
        """Return a conversation, None when it was deleted meanwhile."""
        async with self._database.reading() as db:
            row = await SessionRepository(db).get(session_pk)
            if row is None or row.deleted_at is not None:
                return None
            nodes = await MessageRepository(db).nodes(row.id)
        return portable(row, nodes.values())
