"""The portal's own export, one conversation or many."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.chat.imports.errors import BrokenConversationError
from app.chat.portable import ARCHIVE_FORMAT, SESSION_FORMAT, PortableMessage, PortableSession

_FAMILY = "prompt-portal.session"


def is_own(item: dict[str, Any]) -> bool:
    return isinstance(item.get("format"), str) and item["format"].startswith(_FAMILY)


def read_own(item: dict[str, Any], now: datetime) -> PortableSession:
    """Raises BrokenConversationError, pydantic.ValidationError."""
    if item["format"] != SESSION_FORMAT:
        raise BrokenConversationError(
            f"It is of the format {item['format'][:60]}, which this portal cannot read."
        )
    session = PortableSession.model_validate(item)
    session.messages = parents_first(session.messages)
    if session.active_leaf_id is None:
        session.active_leaf_id = newest_leaf(session.messages)
    elif all(message.id != session.active_leaf_id for message in session.messages):
        raise BrokenConversationError("active_leaf_id: there is no message of that id.")
    session.created_at, session.updated_at = min(session.created_at, now), min(session.updated_at, now)
    for message in session.messages:
        message.created_at = min(message.created_at, now)
    return session


def newest_leaf(messages: list[PortableMessage]) -> str | None:
    """Return the last message of the branch that was written last: a file may leave out which one was shown."""
    parents = {message.parent_id for message in messages}
    leaves = [message for message in messages if message.id not in parents]
    return max(enumerate(leaves), key=lambda pair: (pair[1].created_at, pair[0]))[1].id if leaves else None


def parents_first(messages: list[PortableMessage]) -> list[PortableMessage]:
    """Check that the messages are a tree, and keep their order but for children that stand before their parents."""
    by_id = {message.id: message for message in messages}
    if len(by_id) < len(messages):
        raise BrokenConversationError("Two of its messages have the same id.")
    children: dict[str | None, list[PortableMessage]] = {}
    for message in messages:
        if message.parent_id is not None and message.parent_id not in by_id:
            raise BrokenConversationError(
                f"There is no message {message.parent_id[:40]}, which another one answers."
            )
        children.setdefault(message.parent_id, []).append(message)
    ordered = list(children.get(None, []))
    for message in ordered:  # grows while it is walked
        ordered.extend(children.get(message.id, []))
    if len(ordered) < len(messages):
        raise BrokenConversationError("Its messages form a loop.")
    return messages if _is_parents_first(messages) else ordered


def _is_parents_first(messages: list[PortableMessage]) -> bool:
    seen: set[str | None] = {None}
    for message in messages:
        if message.parent_id not in seen:
            return False
        seen.add(message.id)
    return True


def archive_items(document: dict[str, Any]) -> list[Any] | None:
    """Return the conversations of an export of all, None when it is none."""
    sessions = document.get("sessions")
    return sessions if document.get("format") == ARCHIVE_FORMAT and isinstance(sessions, list) else None
