"""Takes conversations in from files: each in a transaction of its own, with new ids; a broken one is left out and named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from app.chat.excerpts import fold, title_from
from app.chat.imports.documents import conversations_in, read_conversation, title_of
from app.chat.imports.errors import BrokenConversationError
from app.chat.portable import PortableSession, clean_text
from app.chat.repository import MessageRepository, SessionRepository
from app.chat.tables import SessionRow
from app.chat.transfer_schemas import ImportedSession, ImportRead, SkippedSession
from app.db.session import Database
from app.errors import PortalError
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_id

Rows = tuple[SessionRow, list[dict[str, Any]]]


class ImportService:
    """What it takes in belongs to the caller. The same file twice makes copies: nothing of the caller's is overwritten."""

    def __init__(
        self, database: Database, knows_model: Callable[[str], bool], clock: Clock | None = None
    ) -> None:
        self._database = database
        self._knows_model = knows_model
        self._clock = clock or SystemClock()
        self.on_changed: Callable[[int, None], None] = lambda user_id, session_id: None

    async def take_in(self, user_id: int, document: list[Any] | dict[str, Any]) -> ImportRead:
        """Store the conversations of a document.

        Raises UnknownFormatError, TooManyConversationsError, and what the database raises before anything was stored.
        """
        result = ImportRead(imported=[], skipped=[])
        for index, item in enumerate(conversations_in(document)):
            try:
                # a large one takes a while to read, and others' answers stream meanwhile
                rows = await asyncio.to_thread(self._read, user_id, item)
                result.imported.append(await self._store(*rows))
            except BrokenConversationError as error:
                result.skipped.append(_skipped(index, item, str(error)))
            except PortalError as error:
                if not result.imported:
                    raise
                result.skipped.append(_skipped(index, item, error.message))
        if result.imported:
            self.on_changed(user_id, None)
        return result

    def _read(self, user_id: int, item: Any) -> Rows:
        session = read_conversation(item, self._clock.now())
        if session.model and not self._knows_model(session.model):
            session.model = None  # the portal's own choice answers, instead of an error at each message
        return _rows(user_id, session)

    async def _store(self, row: SessionRow, messages: list[dict[str, Any]]) -> ImportedSession:
        async with self._database.transaction() as db:
            await SessionRepository(db).add(row)
            await MessageRepository(db).add_all(messages)
        return ImportedSession(session_id=row.public_id, title=row.title, messages=len(messages))


def _skipped(index: int, item: Any, reason: str) -> SkippedSession:
    return SkippedSession(index=index, title=title_of(item), reason=clean_text(reason))


def _rows(user_id: int, session: PortableSession) -> Rows:
    """Return what is to be stored. New ids in the messages' order, so that equal times do not shuffle branches."""
    new_ids = sorted(new_id() for _ in session.messages)
    ids = {message.id: new for message, new in zip(session.messages, new_ids, strict=True)}
    title = session.title or _first_words(session)
    row = SessionRow(
        id=new_id(),
        user_id=user_id,
        public_id=new_id(),
        title=title,
        title_source=session.title_source,
        search_text=fold(title),
        system_prompt=session.system_prompt,
        model=session.model or None,
        folder=session.folder or None,
        pinned=session.pinned,
        archived=session.archived,
        active_leaf_id=ids[session.active_leaf_id] if session.active_leaf_id else None,
        created_at=session.created_at,
        updated_at=session.updated_at,
    )
    messages = [
        {
            "id": ids[message.id],
            "session_pk": row.id,
            "parent_id": ids[message.parent_id] if message.parent_id else None,
            "role": message.role,
            "content": message.content,
            "search_text": fold(message.content),
            "reasoning": message.reasoning,
            "tool_calls": message.tool_calls,
            "status": "stopped"
            if message.status == "streaming"
            else message.status,  # nobody works on it here
            "model": message.model or None,
            "created_at": message.created_at,
        }
        for message in session.messages
    ]
    return row, messages


def _first_words(session: PortableSession) -> str:
    return next((title_from(message.content) for message in session.messages if message.role == "user"), "")
