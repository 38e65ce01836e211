"""Sessions, messages and turns as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.attachments.schemas import AttachmentRef
from app.chat.tables import SESSION_ID_LENGTH

MAX_TEXT_CHARS = 4_000_000


def without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it must not contain the character U+0000")
    return text


Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS), AfterValidator(without_nul)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
SessionId = Annotated[
    str, StringConstraints(min_length=1, max_length=SESSION_ID_LENGTH, pattern=r"^[A-Za-z0-9._:@-]+$")
]
MessageId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+$")]

_USAGE_EXAMPLE: dict[str, Any] = {
    "prompt_tokens": 24,
    "completion_tokens": 12,
    "total_tokens": 36,
    "cached_tokens": 16,
    "reasoning_tokens": 0,
}
_SESSION_EXAMPLE: dict[str, Any] = {
    "id": "maze-7",
    "title": "Which way is out?",
    "title_source": "auto",
    "model": None,
    "folder": None,
    "pinned": False,
    "archived": False,
    "created_at": "2026-11-21T09:30:00Z",
    "updated_at": "2026-11-21T09:31:00Z",
    "active_turn_id": None,
}


class UsageRead(BaseModel):
    """Tokens, as the model server counted them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_USAGE_EXAMPLE]})

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int


class ErrorRead(BaseModel):
    """Why a turn failed."""

    code: str
    message: str


class TurnRead(BaseModel):
    """One ask and its answer, without the texts."""

    id: str
    session_id: str
    status: Literal["queued", "streaming", "done", "cancelled", "failed"]
    user_message_id: str
    assistant_message_id: str
    model: str | None
    usage: UsageRead | None
    timings: dict[str, float] | None
    error: ErrorRead | None
    finish_reason: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class LedgerRead(BaseModel):
    """What a turn sent to the model, what it left out and why, and what it cost."""

    turn_id: str
    model: str
    context_window: int | None
    budget_tokens: int
    prompt_tokens_counted: int
    prompt_tokens_reported: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    messages_sent: int
    messages_dropped: list[dict[str, str]]
    messages_dropped_count: int
    anchor_message_id: str | None
    trimmed: bool
    lock_lost: bool = Field(
        default=False,
        description="Coordination failed in mid-turn: another replica may have answered in this session meanwhile",
    )
    attempts: list[dict[str, Any]]


class CancelRead(BaseModel):
    """The turn's status once it was asked to stop."""

    ok: Literal[True] = True
    status: str


class MessageRead(BaseModel):
    """One message of the tree; a failed answer shows its partial text and its error, and is never sent to a model."""

    id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    reasoning: str | None
    status: Literal["complete", "stopped", "failed", "streaming"]
    model: str | None
    turn_id: str | None
    usage: UsageRead | None
    timings: dict[str, float] | None
    finish_reason: str | None
    error: ErrorRead | None
    attachments: list[AttachmentRef]
    created_at: datetime


class SessionRead(BaseModel):
    """A session as lists show it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SESSION_EXAMPLE]})

    id: str
    title: str
    title_source: Literal["auto", "user"]
    model: str | None
    folder: str | None
    pinned: bool
    archived: bool
    created_at: datetime
    updated_at: datetime
    active_turn_id: str | None


class SessionDetail(SessionRead):
    """A session with its whole tree of messages, oldest first."""

    system_prompt: str | None
    active_leaf_id: str | None
    messages: list[MessageRead]
    active_turn: TurnRead | None


class SessionPage(BaseModel):
    """Some of the sessions: pinned first, then the newest; `next_cursor` asks for the rest."""

    items: list[SessionRead]
    next_cursor: str | None


class SearchHit(BaseModel):
    """A session whose title was hit (`message_id` is null), or a message whose text was."""

    session_id: str
    title: str
    message_id: str | None
    role: str | None
    snippet: str
    created_at: datetime


class SearchResult(BaseModel):
    items: list[SearchHit]


class SessionCreate(BaseModel):
    """A new session; the portal makes an id where none is given."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "maze-7", "title": "The maze"}]}
    )

    id: SessionId | None = None
    title: Line | None = None
    system_prompt: Text | None = None
    model: Line | None = None


class SessionUpdate(BaseModel):
    """The fields to change; `null` empties `folder`, `system_prompt` and `model`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "The maze", "pinned": True}]}
    )

    title: Line = ""
    folder: Line | None = None
    pinned: bool = False
    archived: bool = False
    system_prompt: Text | None = None
    model: Line | None = None


class LeafChoice(BaseModel):
    """A message of the branch to switch to."""

    model_config = ConfigDict(extra="forbid")

    message_id: MessageId


class LeafRead(BaseModel):
    active_leaf_id: str


class Done(BaseModel):
    ok: Literal[True] = True
