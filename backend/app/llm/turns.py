"""A turn as data: what is asked, what is stored before the model is called, what is stored after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal

from app.llm.errors import LLMError
from app.llm.types import Caller, ChatMessage, PriorityClass, Sampling, TurnStatus, Usage

Door = Literal["page", "rest", "v1", "mqtt", "python"]


class Unset(Enum):
    """Tells "not given" from `None`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One ask in a session.

    Args:
        session_id: the caller's name of the session, unique per owner; made when absent from the store.
        message: the user's text; None when `regenerate_of` is given.
        system_prompt: None keeps the session's own; a string replaces it from this turn on.
        parent_id: UNSET appends at the active leaf; an id (or None for the root) makes a branch there.
        regenerate_of: a user or assistant message of the session; makes a sibling answer.
        idempotency_key: with the same owner and key the same turn is returned, never a second one.
        deadline_seconds: from arrival; a turn not started by then is dropped unsent.
        use_history: False sends only the system prompt and this message.
        max_history_messages: at most so many earlier messages (the seed's parameter); None is no limit.
        attachment_ids: files of the owner that go with the message; the store knows what they are.
        account: comes back as it is in what is told of the turn's cost (`llm.accounting.Spent`).
    """

    caller: Caller
    session_id: str
    message: str | None
    system_prompt: str | None = None
    model: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    parent_id: str | Unset | None = UNSET
    regenerate_of: str | None = None
    idempotency_key: str | None = None
    priority: PriorityClass = "chat"
    deadline_seconds: float | None = None
    door: Door = "rest"
    request_id: str = ""
    use_history: bool = True
    max_history_messages: int | None = None
    attachment_ids: tuple[str, ...] = ()
    account: Any = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One ask without a session: the whole prompt comes from the caller and nothing is stored."""

    caller: Caller
    messages: tuple[ChatMessage, ...]
    model: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    priority: PriorityClass = "chat"
    deadline_seconds: float | None = None
    door: Door = "rest"
    request_id: str = ""
    account: Any = None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A stored turn. `is_replay` tells that the idempotency key had made it earlier."""

    turn_id: str
    session_pk: str
    session_id: str
    user_message_id: str
    assistant_message_id: str
    status: TurnStatus
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message on the active path. `tokens` is its length in the prompt where known, template overhead included."""

    id: str
    message: ChatMessage
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryTurn:
    """What trimming moves as one: a user message and everything up to the next one.

    `prefix_tokens` is the exact length of the prompt up to and including this turn's answer, as the server reported it
    (`prompt_tokens + completion_tokens - reasoning_tokens`), valid only for the prompt head (anchor, system prompt,
    model, tools) that `prefix_key` names.
    """

    messages: tuple[StoredMessage, ...]
    prefix_tokens: int | None = None
    prefix_key: str | None = None


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What the prompt is built from, read in one short transaction once the session's lock is held.

    `history` holds only turns that ended well or were stopped with some text, oldest first, on the branch of this turn.
    `anchor_message_id` is the first user message still sent, or None when nothing was dropped yet. `model` is the
    session's own, for a request that names none.
    """

    record: TurnRecord
    system_prompt: str | None
    history: tuple[HistoryTurn, ...]
    new_message: StoredMessage
    anchor_message_id: str | None = None
    model: str | None = None


@dataclass(slots=True)
class Ledger:
    """What was sent and dropped, and what it cost. Rendered as API's `Ledger`."""

    model: str = ""
    context_window: int | None = None
    budget_tokens: int = 0
    prompt_tokens_counted: int = 0
    prompt_tokens_reported: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    messages_sent: int = 0
    messages_dropped: list[dict[str, str]] = field(default_factory=list)
    messages_dropped_count: int = 0
    anchor_message_id: str | None = None
    trimmed: bool = False
    lock_lost: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class TurnOutcome:
    """How a turn ended, with what is stored of it.

    `user_tokens` and `assistant_tokens` are the lengths of the turn's two messages in a prompt (for `messages.tokens`);
    `prefix_tokens` and `prefix_key` come back as `HistoryTurn`'s. `event_lengths` lets a finished stream be replayed
    event by event (see `llm.replay`). `retry_after_seconds` and `error_details` go with a failure.
    """

    status: TurnStatus
    content: str = ""
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None
    timings: dict[str, float] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    error_code: str | None = None
    error_message: str | None = None
    error_details: dict[str, Any] | None = None
    retry_after_seconds: float | None = None
    anchor_message_id: str | None = None
    user_tokens: int | None = None
    assistant_tokens: int | None = None
    prefix_tokens: int | None = None
    prefix_key: str | None = None
    event_lengths: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TurnResult:
    """A turn that has ended, with its outcome; `error` is set when it failed."""

    record: TurnRecord
    outcome: TurnOutcome
    error: LLMError | None = None


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A message as the history shows it."""

    id: str
    role: str
    content: str
    reasoning: str | None
    model: str | None
    created_at: datetime
