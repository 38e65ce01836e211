"""A conversation outside the portal: the documented format `prompt-portal.session/1`.

It holds the whole tree with its branches, not what a turn cost or why one failed: that stays with the portal that paid for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.chat.schemas import MAX_TEXT_CHARS
from app.chat.tables import SessionRow
from app.chat.tree import Node
from app.kit.clock import in_utc

SESSION_FORMAT: Literal["prompt-portal.session/1"] = "prompt-portal.session/1"
ARCHIVE_FORMAT: Literal["prompt-portal.sessions/1"] = "prompt-portal.sessions/1"
MAX_MESSAGES = 10_000
MAX_FILES = 100
_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clean_text(value: Any) -> Any:
    """Replace what a database cannot store: NUL, and halves of surrogate pairs (files cut text in the midst of an emoji)."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def clean_line(value: Any) -> Any:
    """Clean a text that stands in one line: control characters become spaces, and there are none around it."""
    value = clean_text(value)
    return value.translate(_CONTROLS).strip() if isinstance(value, str) else value


def _since_1970(instant: datetime) -> datetime:
    moved = in_utc(instant)
    if moved < _EPOCH:
        raise ValueError("it is before 1970")
    return moved


def _storable_json(value: Any) -> Any:
    try:
        orjson.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError("it holds values that cannot be stored") from error
    return value


Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS), BeforeValidator(clean_text)]
Name = Annotated[str, Field(max_length=200), BeforeValidator(clean_line)]
Key = Annotated[str, Field(min_length=1, max_length=128), BeforeValidator(clean_text)]
Moment = Annotated[AwareDatetime, AfterValidator(_since_1970)]
ToolCalls = Annotated[list[dict[str, Any]], AfterValidator(_storable_json)]

_MESSAGE_EXAMPLES: list[dict[str, Any]] = [
    {
        "id": "019a0f3c5e7a7c1b8f0d6a2b4c8e0f11",
        "parent_id": None,
        "role": "user",
        "content": "Which way is out?",
        "reasoning": None,
        "tool_calls": None,
        "files": ["map.png"],
        "status": "complete",
        "model": None,
        "created_at": "2026-11-21T09:30:00Z",
    },
    {
        "id": "019a0f3c5e7b7d2c9a1e7b3c5d9f1a22",
        "parent_id": "019a0f3c5e7a7c1b8f0d6a2b4c8e0f11",
        "role": "assistant",
        "content": "North, then east.",
        "reasoning": None,
        "tool_calls": None,
        "files": [],
        "status": "complete",
        "model": "prompt-portal-demo",
        "created_at": "2026-11-21T09:30:01Z",
    },
]


_SESSION_EXAMPLE: dict[str, Any] = {
    "format": SESSION_FORMAT,
    "id": "maze-7",
    "title": "Which way is out?",
    "title_source": "auto",
    "system_prompt": None,
    "model": None,
    "folder": None,
    "pinned": False,
    "archived": False,
    "created_at": "2026-11-21T09:30:00Z",
    "updated_at": "2026-11-21T09:30:01Z",
    "active_leaf_id": "019a0f3c5e7b7d2c9a1e7b3c5d9f1a22",
    "messages": _MESSAGE_EXAMPLES,
}


class PortableMessage(BaseModel):
    """One node of the tree; messages of the same `parent_id` are branches, the oldest first.

    `files` has the names of its files: they themselves stay with the portal.
    """

    id: Key
    parent_id: Key | None = None
    role: Literal["user", "assistant"]
    content: Text
    reasoning: Text | None = None
    tool_calls: ToolCalls | None = None
    files: Annotated[list[Name], Field(max_length=MAX_FILES)] = []
    status: Literal["complete", "stopped", "failed", "streaming"] = "complete"
    model: Name | None = None
    created_at: Moment


class PortableSession(BaseModel):
    """A conversation with all its branches; `active_leaf_id` is the last message of the branch that was shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SESSION_EXAMPLE]})

    format: Literal["prompt-portal.session/1"] = SESSION_FORMAT
    id: Key | None = None
    title: Name = ""
    title_source: Literal["auto", "user"] = "auto"
    system_prompt: Text | None = None
    model: Name | None = None
    folder: Name | None = None
    pinned: bool = False
    archived: bool = False
    created_at: Moment
    updated_at: Moment
    active_leaf_id: Key | None = None
    messages: Annotated[list[PortableMessage], Field(max_length=MAX_MESSAGES)]


def portable(session: SessionRow, nodes: Iterable[Node]) -> PortableSession:
    """Put a stored conversation into the format; what is stored needs no check."""
    return PortableSession.model_construct(
        format=SESSION_FORMAT,
        id=session.public_id,
        title=session.title,
        title_source=session.title_source,  # type: ignore[arg-type]
        system_prompt=session.system_prompt,
        model=session.model,
        folder=session.folder,
        pinned=session.pinned,
        archived=session.archived,
        created_at=session.created_at,
        updated_at=session.updated_at,
        active_leaf_id=session.active_leaf_id,
        messages=[_portable_message(node) for node in nodes],
    )


def file_names(node: Node) -> list[str]:
    """Return the names of a message's files."""
    return [ref["name"] for ref in node.attachments or ()]


def _portable_message(node: Node) -> PortableMessage:
    return PortableMessage.model_construct(
        id=node.id,
        parent_id=node.parent_id,
        role=node.role,  # type: ignore[arg-type]
        content=node.content,
        reasoning=node.reasoning,
        tool_calls=node.tool_calls,
        files=file_names(node),
        status=node.status,  # type: ignore[arg-type]
        model=node.model,
        created_at=node.created_at,
    )
