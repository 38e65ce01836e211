"""Images in prompts: stored messages refer to them, and only what is sent carries their bytes (as data URLs)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.llm.turns import HistoryTurn, StoredMessage, TurnContext
from app.llm.types import ChatMessage

_SCHEME = "attachment:"
_UNSEEN = {"type": "text", "text": "[There is an image here, which this model cannot see.]"}
_GONE = {"type": "text", "text": "[There was an image here.]"}


def image_part(image_id: str) -> dict[str, Any]:
    """Return the content part that stands for a stored image."""
    return {"type": "image_url", "image_url": {"url": f"{_SCHEME}{image_id}"}}


def image_ids(messages: Iterable[ChatMessage]) -> list[str]:
    """Return the stored images that messages refer to, each once."""
    ids = (
        _id_of(part) for message in messages if isinstance(message.content, list) for part in message.content
    )
    return list(dict.fromkeys(one for one in ids if one is not None))


def with_images(messages: Iterable[ChatMessage], urls: Mapping[str, str]) -> tuple[ChatMessage, ...]:
    """Return the messages as they are sent: each reference is replaced by its data URL."""

    def sent(part: dict[str, Any]) -> dict[str, Any]:
        image_id = _id_of(part)
        if image_id is None:
            return part
        return {"type": "image_url", "image_url": {"url": urls[image_id]}} if image_id in urls else _GONE

    return tuple(_mapped(message, sent) for message in messages)


def without_images(context: TurnContext) -> TurnContext:
    """Return a context for a model that cannot see: a note stands where an image was, always the same one."""

    def unseen(part: dict[str, Any]) -> dict[str, Any]:
        return part if _id_of(part) is None else _UNSEEN

    def stored(one: StoredMessage) -> StoredMessage:
        message = _mapped(one.message, unseen)
        return one if message is one.message else replace(one, message=message, tokens=None)

    def turn(one: HistoryTurn) -> HistoryTurn:
        return replace(one, messages=tuple(stored(message) for message in one.messages))

    return replace(
        context,
        history=tuple(turn(one) for one in context.history),
        new_message=stored(context.new_message),
    )


def _mapped(message: ChatMessage, change: Any) -> ChatMessage:
    if not isinstance(message.content, list):
        return message
    parts = [change(part) for part in message.content]
    is_same = all(new is old for new, old in zip(parts, message.content, strict=True))
    return message if is_same else replace(message, content=parts)


def _id_of(part: Mapping[str, Any]) -> str | None:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else None
    return url.removeprefix(_SCHEME) if isinstance(url, str) and url.startswith(_SCHEME) else None
