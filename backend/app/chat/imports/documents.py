"""Finds the conversations of an uploaded document, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.chat.imports.chatgpt import is_chatgpt, read_chatgpt
from app.chat.imports.errors import (
    BrokenConversationError,
    TooManyConversationsError,
    UnknownFormatError,
    reason_of,
)
from app.chat.imports.open_webui import is_open_webui, read_open_webui
from app.chat.imports.own import archive_items, is_own, read_own
from app.chat.imports.values import line, mapping
from app.chat.portable import PortableSession

MAX_CONVERSATIONS = 1000
Reader = Callable[[dict[str, Any], datetime], PortableSession]
_READERS: tuple[tuple[Callable[[dict[str, Any]], bool], Reader], ...] = (
    (is_own, read_own),
    (is_chatgpt, read_chatgpt),
    (is_open_webui, read_open_webui),
)


def conversations_in(document: list[Any] | dict[str, Any]) -> list[Any]:
    """Return the conversations of a document, unread. Raises UnknownFormatError, TooManyConversationsError."""
    items = document if isinstance(document, list) else archive_items(document)
    if items is None:
        items = [document]
    if items and not any(_reader(item) for item in items):
        raise UnknownFormatError
    if len(items) > MAX_CONVERSATIONS:
        raise TooManyConversationsError(len(items), MAX_CONVERSATIONS)
    return items


def read_conversation(item: Any, now: datetime) -> PortableSession:
    """Read one of them. Raises BrokenConversationError, whose text says why it cannot be."""
    reader = _reader(item)
    if reader is None:
        raise BrokenConversationError("It is no conversation in a format that the portal knows.")
    try:
        return reader(item, now)
    except ValidationError as error:
        raise BrokenConversationError(reason_of(error)) from error


def title_of(item: Any) -> str:
    """Return the title of a conversation that may be broken."""
    fields = mapping(item)
    return line(fields.get("title")) or line(mapping(fields.get("chat")).get("title"))


def _reader(item: Any) -> Reader | None:
    if not isinstance(item, dict):
        return None
    return next((read for fits, read in _READERS if fits(item)), None)
