"""A SessionStore in memory that follows the Protocol: trees of messages, idempotency keys, owners. For unit tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

from app.kit.ids import new_id
from app.llm.ports import EarlierTurnError, UnknownMessageError
from app.llm.turns import (
    UNSET,
    HistoryMessage,
    HistoryTurn,
    StoredMessage,
    TurnContext,
    TurnOutcome,
    TurnRecord,
    TurnRequest,
)
from app.llm.types import Caller, ChatMessage, Role


@dataclass
class Message:
    id: str
    parent_id: str | None
    role: Role
    content: str
    turn_id: str
    status: str = "complete"
    tokens: int | None = None
    reasoning: str | None = None


@dataclass
class Session:
    pk: str
    owner: int
    public_id: str
    system_prompt: str | None = None
    leaf_id: str | None = None
    anchor_id: str | None = None
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class Turn:
    record: TurnRecord
    request: TurnRequest
    session: Session
    is_attached: bool
    outcome: TurnOutcome | None = None
    status: str = "queued"


class FakeStore:
    """`is_down` makes every call raise ConnectionError; `calls` notes what was called."""

    def __init__(self) -> None:
        self.sessions: dict[tuple[int, str], Session] = {}
        self.turns: dict[str, Turn] = {}
        self.keys: dict[tuple[int, str], str] = {}
        self.checkpoints: list[tuple[str, str, str]] = []
        self.images: dict[str, str] = {}
        self.calls: list[str] = []
        self.is_down = False
        self.down_for: set[str] = set()
        self.earlier_turns = 0  # how often a turn that gives way finds another one before it

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        if self.is_down or name in self.down_for:
            raise ConnectionError("the database is away")

    async def begin_turn(self, request: TurnRequest) -> TurnRecord:
        self._enter("begin_turn")
        owner = request.caller.user_id
        if request.idempotency_key is not None:
            earlier = self.keys.get((owner, request.idempotency_key))
            if earlier is not None:
                if self.turns[earlier].request.message != request.message:
                    raise KeyError("the idempotency key was used for another message")
                return replace(self.turns[earlier].record, is_replay=True)
        session = self.sessions.setdefault(
            (owner, request.session_id), Session(new_id(), owner, request.session_id)
        )
        if request.system_prompt is not None:
            session.system_prompt = request.system_prompt
        user_id, is_attached = self._user_message(session, request)
        record = TurnRecord(new_id(), session.pk, request.session_id, user_id, new_id(), "queued")
        self.turns[record.turn_id] = Turn(record, request, session, is_attached)
        if request.idempotency_key is not None:
            self.keys[(owner, request.idempotency_key)] = record.turn_id
        return record

    def _user_message(self, session: Session, request: TurnRequest) -> tuple[str, bool]:
        if request.regenerate_of is not None:
            message = session.messages.get(request.regenerate_of)
            if message is None:
                raise UnknownMessageError(request.regenerate_of)
            return (message.id if message.role == "user" else str(message.parent_id)), True
        user_id = new_id()
        if request.parent_id is UNSET:
            return user_id, False
        if request.parent_id is not None and request.parent_id not in session.messages:
            raise UnknownMessageError(request.parent_id)
        self._add(session, Message(user_id, request.parent_id, "user", request.message or "", ""))
        return user_id, True

    def _add(self, session: Session, message: Message) -> None:
        session.messages[message.id] = message

    async def load_context(self, turn_id: str, *, gives_way: bool = False) -> TurnContext:
        self._enter("load_context")
        if gives_way and self.earlier_turns > 0:
            self.earlier_turns -= 1
            raise EarlierTurnError
        turn = self.turns[turn_id]
        session, record = turn.session, turn.record
        if not turn.is_attached:
            user = Message(
                record.user_message_id, session.leaf_id, "user", turn.request.message or "", turn_id
            )
            self._add(session, user)
            turn.is_attached = True
        user = session.messages[record.user_message_id]
        return TurnContext(
            record=record,
            system_prompt=session.system_prompt,
            history=tuple(self._history_turns(session, user.parent_id)),
            new_message=StoredMessage(user.id, ChatMessage("user", user.content), user.tokens),
            anchor_message_id=session.anchor_id,
        )

    def path(self, session: Session, leaf_id: str | None) -> list[Message]:
        """Return the messages from the root to a leaf."""
        path: list[Message] = []
        while leaf_id is not None:
            message = session.messages[leaf_id]
            path.append(message)
            leaf_id = message.parent_id
        return path[::-1]

    def _history_turns(self, session: Session, leaf_id: str | None) -> list[HistoryTurn]:
        turns: list[HistoryTurn] = []
        path = self.path(session, leaf_id)
        for user, answer in pairwise(path):
            if user.role != "user" or answer.role != "assistant" or not answer.content:
                continue
            outcome = self.turns[answer.turn_id].outcome
            if outcome is None or outcome.status == "failed":
                continue
            messages = tuple(
                StoredMessage(m.id, ChatMessage(m.role, m.content), m.tokens) for m in (user, answer)
            )
            turns.append(HistoryTurn(messages, outcome.prefix_tokens, outcome.prefix_key))
        return turns

    async def load_images(self, caller: Caller, image_ids: Sequence[str]) -> dict[str, str]:
        self._enter("load_images")
        return {image_id: self.images[image_id] for image_id in image_ids if image_id in self.images}

    async def mark_streaming(self, turn_id: str, model: str) -> None:
        self._enter("mark_streaming")
        self.turns[turn_id].status = "streaming"

    async def checkpoint(self, partials: Sequence[tuple[str, str, str]]) -> None:
        self._enter("checkpoint")
        self.checkpoints.extend(partials)

    async def finish_turn(self, turn_id: str, outcome: TurnOutcome) -> None:
        self._enter("finish_turn")
        turn = self.turns[turn_id]
        turn.outcome, turn.status = outcome, outcome.status
        session, record = turn.session, turn.record
        if record.user_message_id in session.messages:
            session.messages[record.user_message_id].tokens = outcome.user_tokens
            status = {"done": "complete", "cancelled": "stopped"}.get(outcome.status, "failed")
            answer = Message(
                record.assistant_message_id,
                record.user_message_id,
                "assistant",
                outcome.content,
                turn_id,
                status,
                outcome.assistant_tokens,
                outcome.reasoning or None,
            )
            self._add(session, answer)
            if outcome.status != "failed":
                session.leaf_id = answer.id
                session.anchor_id = outcome.anchor_message_id

    async def history(self, caller: Caller, session_id: str) -> list[HistoryMessage] | None:
        self._enter("history")
        session = self.sessions.get((caller.user_id, session_id))
        if session is None:
            return None
        now = datetime(2026, 1, 1, tzinfo=UTC)
        turns = self._history_turns(session, session.leaf_id)
        shown = [session.messages[stored.id] for turn in turns for stored in turn.messages]
        return [HistoryMessage(m.id, m.role, m.content, m.reasoning, None, now) for m in shown]

    async def clear(self, caller: Caller, session_id: str) -> bool:
        self._enter("clear")
        return self.sessions.pop((caller.user_id, session_id), None) is not None
