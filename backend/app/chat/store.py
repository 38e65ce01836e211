"""The engine's SessionStore on the database. Each call is one short transaction, and none spans a call to a model."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.attachments.in_messages import Refs, document_texts, image_urls, keep_for, owned_refs
from app.chat.endings import INTERRUPTED, attach, is_on_branch, storable, store_answer, store_outcome
from app.chat.errors import IdempotencyConflictError, InvalidParentError, InvalidSessionIdError
from app.chat.excerpts import fold, title_from
from app.chat.reaped import uncount
from app.chat.replica import Replica
from app.chat.repository import MessageRepository, SessionRepository
from app.chat.stored import Begun, record_of
from app.chat.tables import ACTIVE_STATUSES, SESSION_ID_LENGTH, MessageRow, SessionRow, TurnRow
from app.chat.tree import anchor_of, answered_pairs, history_turns, path_to, stored
from app.chat.turn_repository import Owned, TurnRepository
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_id
from app.llm.ports import EarlierTurnError, UnknownMessageError
from app.llm.turns import (
    HistoryMessage,
    TurnContext,
    TurnOutcome,
    TurnRecord,
    TurnRequest,
    Unset,
)
from app.llm.types import Caller

SESSION_ID = re.compile(rf"[A-Za-z0-9._:@-]{{1,{SESSION_ID_LENGTH}}}")
LEASE_SECONDS = 30.0
_ADD_MESSAGES = insert(MessageRow.__table__)  # type: ignore[arg-type]
_ADD_TURN = insert(TurnRow.__table__)  # type: ignore[arg-type]


class SqlSessionStore:
    """Sessions, messages and turns in SQLite or PostgreSQL (`llm.ports.SessionStore`)."""

    def __init__(
        self, database: Database, replica: Replica | None = None, clock: Clock | None = None
    ) -> None:
        self._database = database
        self._replica_id = (replica or Replica.current()).id
        self._clock = clock or SystemClock()
        self.on_finished: Callable[[str, TurnOutcome], None] = lambda door, outcome: None
        self.on_done: Callable[[int, str, str, str], None] = lambda user_id, session_id, turn_id, door: None
        self.on_changed: Callable[[int, str], None] = lambda user_id, session_id: None
        self._contexts: dict[str, TurnContext] = {}  # of turns that were first in their session's queue

    async def begin_turn(self, request: TurnRequest) -> TurnRecord:
        """Store the question and a queued turn; see the Protocol.

        Raises:
            UnknownMessageError: `parent_id` or `regenerate_of` is not of this session.
            InvalidParentError, InvalidSessionIdError, IdempotencyConflictError, AttachmentNotFoundError.
        """
        if not SESSION_ID.fullmatch(request.session_id):
            raise InvalidSessionIdError
        try:
            return await self._begin(request)
        except IntegrityError:
            # another replica made the same session or used the same key in this moment: now it can be read
            return await self._begin(request)

    async def _begin(self, request: TurnRequest) -> TurnRecord:
        async with self._database.transaction() as db:
            if request.idempotency_key is not None:
                earlier = await TurnRepository(db).find_by_key(
                    request.caller.user_id, request.idempotency_key
                )
                if earlier is not None:
                    return await self._replayed(db, earlier, request)
            refs = await owned_refs(db, request.caller.user_id, request.attachment_ids)
            session = await self._session_for(db, request, refs)
            record, is_first = await self._add_turn(db, session, request, refs)
            # nobody can change the branch of a turn that is first, so it is read while the session is at hand
            context = await _context(db, record, session) if is_first else None
        if context is not None:
            self._contexts[record.turn_id] = context
        self.on_changed(request.caller.user_id, request.session_id)
        return record

    async def _replayed(self, db: AsyncSession, earlier: Owned, request: TurnRequest) -> TurnRecord:
        turn, session = earlier
        question = await MessageRepository(db).find(session.id, turn.user_message_id)
        is_same = request.message is None or question is None or _says(question, request)
        if session.public_id != request.session_id or session.deleted_at is not None or not is_same:
            raise IdempotencyConflictError
        return record_of(turn, session, is_replay=True)

    async def _session_for(self, db: AsyncSession, request: TurnRequest, refs: Refs) -> SessionRow:
        sessions, now = SessionRepository(db), self._clock.now()
        session = await sessions.claim(request.caller.user_id, request.session_id)
        is_new = session is None
        if session is None:
            session = SessionRow(
                id=new_id(),
                user_id=request.caller.user_id,
                public_id=request.session_id,
                title="",
                title_source="auto",
                system_prompt=_storable(request.system_prompt),
                created_at=now,
            )
        if not session.title and session.title_source == "auto" and (request.message or refs):
            session.title = title_from(storable(request.message or "") or refs[0]["name"])
            session.search_text = fold(session.title)
        session.updated_at = now
        if is_new:
            await sessions.add(session)
        return session

    async def _add_turn(
        self, db: AsyncSession, session: SessionRow, request: TurnRequest, refs: Refs
    ) -> tuple[TurnRecord, bool]:
        """Add the question (but for another answer), the empty answer and the turn; see `_parent_of` for the branch.

        Also returns whether no other turn of this session is before it.
        """
        now, turn_id, question_id, answer_id = self._clock.now(), new_id(), new_id(), new_id()
        last_in_queue = await TurnRepository(db).last_in_queue(session.id)
        rows = []
        if request.regenerate_of is not None:
            question_id = await self._question_of(db, session, request.regenerate_of)
        else:
            parent_id = await self._parent_of(db, session, request, last_in_queue)
            text = storable(request.message or "")
            rows.append(_message_row(session, turn_id, question_id, parent_id, "user", text, now, refs))
        after = now + timedelta(microseconds=1)
        rows.append(_message_row(session, turn_id, answer_id, question_id, "assistant", "", after))
        turn = self._turn_row(session, request, turn_id, question_id, answer_id, now)
        if last_in_queue is None:  # nobody is before it: it can take its place on the branch at once
            turn["is_attached"] = True
            session.active_leaf_id = answer_id
            if request.system_prompt is not None:
                session.system_prompt = turn["system_prompt"]
        await db.execute(_ADD_MESSAGES, rows)
        await keep_for(db, question_id, refs)
        await db.execute(_ADD_TURN, [turn])
        record = TurnRecord(turn_id, session.id, session.public_id, question_id, answer_id, "queued")
        return record, last_in_queue is None

    def _turn_row(
        self,
        session: SessionRow,
        request: TurnRequest,
        turn_id: str,
        question_id: str,
        answer_id: str,
        now: datetime,
    ) -> dict[str, Any]:
        return {
            "id": turn_id,
            "session_pk": session.id,
            "user_id": session.user_id,
            "status": "queued",
            "key_id": request.caller.key_id,
            "door": request.door,
            "request_id": request.request_id[:64],
            "user_message_id": question_id,
            "assistant_message_id": answer_id,
            "is_attached": request.regenerate_of is not None or not isinstance(request.parent_id, Unset),
            "system_prompt": _storable(request.system_prompt),
            "model": request.model,
            "parameters": dataclasses.asdict(request.sampling),
            "idempotency_key": request.idempotency_key,
            "replica_id": self._replica_id,
            "lease_until": now + timedelta(seconds=LEASE_SECONDS),
            "created_at": now,
        }

    async def _question_of(self, db: AsyncSession, session: SessionRow, message_id: str) -> str:
        message = await MessageRepository(db).find(session.id, message_id)
        if message is not None and message.role == "assistant" and message.parent_id:
            message = await MessageRepository(db).find(session.id, message.parent_id)
        if message is None:
            raise UnknownMessageError(message_id)
        return message.id

    async def _parent_of(
        self, db: AsyncSession, session: SessionRow, request: TurnRequest, last_in_queue: str | None
    ) -> str | None:
        """Return where the question hangs; for a turn that must wait a guess that `load_context` puts right."""
        if isinstance(request.parent_id, Unset):
            return last_in_queue or session.active_leaf_id
        if request.parent_id is None:
            return None
        parent = await MessageRepository(db).find(session.id, request.parent_id)
        if parent is None:
            raise UnknownMessageError(request.parent_id)
        if parent.role != "assistant":
            raise InvalidParentError
        return parent.id

    async def load_context(self, turn_id: str, *, gives_way: bool = False) -> TurnContext:
        """Read the turn's branch; a turn that had to wait is attached to it first. See the Protocol."""
        context = self._contexts.pop(turn_id, None)
        if context is not None:
            return context
        async with self._database.reading() as db:
            turn, session = await _living(db, turn_id)
            is_ready = turn.is_attached and is_on_branch(turn, session)
            if is_ready and turn.system_prompt in (None, session.system_prompt):
                return await _context(db, record_of(turn, session), session)
        async with self._database.transaction() as db:
            turn, session = await _living(db, turn_id)
            if gives_way and await TurnRepository(db).has_earlier(turn, self._clock.now()):
                raise EarlierTurnError
            await attach(db, turn, session)
            if turn.system_prompt is not None:
                session.system_prompt = turn.system_prompt
            return await _context(db, record_of(turn, session), session)

    async def load_images(self, caller: Caller, image_ids: Sequence[str]) -> Mapping[str, str]:
        """Read images that messages of this owner refer to, as data URLs by id."""
        return await image_urls(self._database, caller.user_id, image_ids)

    async def mark_streaming(self, turn_id: str, model: str) -> None:
        async with self._database.transaction() as db:
            now = self._clock.now()
            await TurnRepository(db).update(
                turn_id,
                status="streaming",
                model=model,
                started_at=now,
                lease_until=now + timedelta(seconds=LEASE_SECONDS),
            )

    async def checkpoint(self, partials: Sequence[tuple[str, str, str]]) -> None:
        """Save partial answers, and renew the leases of their turns."""
        if not partials:
            return
        cleaned = [
            (turn_id, storable(content), storable(reasoning)) for turn_id, content, reasoning in partials
        ]
        until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
        async with self._database.transaction() as db:
            turns = TurnRepository(db)
            # turns before messages, as where turns end: who goes the other way waits for them in a circle
            await turns.renew_leases([item[0] for item in cleaned], self._replica_id, until)
            await turns.save_partials(item for item in cleaned if item[1] or item[2])

    async def finish_turn(self, turn_id: str, outcome: TurnOutcome) -> None:
        """Store how a turn ended. One that has ended already stays as it is, unless only the reaper had ended it."""
        self._contexts.pop(turn_id, None)
        async with self._database.transaction() as db:
            owned = await TurnRepository(db).get_to_end(turn_id)
            if owned is None:
                return
            turn, session = owned
            if turn.status not in ACTIVE_STATUSES and turn.error_code != INTERRUPTED:
                return
            now = self._clock.now()
            if turn.status not in ACTIVE_STATUSES:
                await uncount(db, turn_id)
            await attach(db, turn, session)
            await store_answer(db, turn, outcome)
            await store_outcome(db, turn, outcome, now)
            if outcome.status in ("done", "cancelled"):
                session.anchor_message_id = outcome.anchor_message_id
            session.updated_at = now
        self.on_finished(turn.door, outcome)
        self.on_changed(session.user_id, session.public_id)
        if outcome.status == "done":
            self.on_done(session.user_id, session.public_id, turn_id, turn.door)

    async def history(self, caller: Caller, session_id: str) -> list[HistoryMessage] | None:
        """Return the active branch's complete turns as messages, oldest first; None without such a session."""
        async with self._database.reading() as db:
            session = await SessionRepository(db).find(caller.user_id, session_id)
            if session is None:
                return None
            nodes = await MessageRepository(db).nodes(session.id)
            path = path_to(nodes, session.active_leaf_id)
        return [
            HistoryMessage(node.id, node.role, node.content, node.reasoning, node.model, node.created_at)
            for pair in answered_pairs(path)
            for node in pair
        ]

    async def begun(self, caller: Caller, session_id: str) -> Begun:
        """Return what a session's next turn goes on from."""
        async with self._database.reading() as db:
            session = await SessionRepository(db).find(caller.user_id, session_id)
            if session is None:
                return Begun()
            tokens = await TurnRepository(db).last_prefix_tokens(session.id)
        return Begun(tokens, session.model, session.system_prompt)

    async def clear(self, caller: Caller, session_id: str) -> bool:
        async with self._database.transaction() as db:
            sessions = SessionRepository(db)
            session = await sessions.find(caller.user_id, session_id)
            if session is not None:
                await sessions.mark_deleted(session.id, self._clock.now())
                for turn_id, context in list(self._contexts.items()):
                    if context.record.session_pk == session.id:
                        del self._contexts[turn_id]
        if session is not None:
            self.on_changed(caller.user_id, session_id)
        return session is not None


async def _living(db: AsyncSession, turn_id: str) -> Owned:
    owned = await TurnRepository(db).get(turn_id)
    if owned is None or owned[1].deleted_at is not None:
        raise UnknownMessageError(turn_id)  # the session was deleted while the turn waited
    return owned


async def _context(db: AsyncSession, record: TurnRecord, session: SessionRow) -> TurnContext:
    nodes = await MessageRepository(db).nodes(session.id)
    whole = path_to(nodes, record.user_message_id)
    *path, question = whole
    refs = [ref for node in whole for ref in node.attachments or ()]
    documents = await document_texts(db, session.user_id, refs)
    return TurnContext(
        record=record,
        system_prompt=session.system_prompt,
        history=history_turns(path, documents),
        new_message=stored(question, documents),
        anchor_message_id=anchor_of(path, session.anchor_message_id),
        model=session.model,
    )


def _message_row(
    session: SessionRow,
    turn_id: str,
    message_id: str,
    parent_id: str | None,
    role: str,
    text: str,
    now: datetime,
    refs: Refs = (),
) -> dict[str, Any]:
    return {
        "id": message_id,
        "session_pk": session.id,
        "parent_id": parent_id,
        "role": role,
        "content": text,
        "search_text": fold(" ".join([text, *(ref["name"] for ref in refs)])),
        "status": "complete" if role == "user" else "streaming",
        "turn_id": turn_id,
        "attachments": list(refs) or None,
        "created_at": now,
    }


def _says(question: MessageRow, request: TurnRequest) -> bool:
    """Whether a stored question is the one of this request."""
    files = tuple(ref["id"] for ref in question.attachments or ())
    return question.content == storable(request.message or "") and files == request.attachment_ids


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)
