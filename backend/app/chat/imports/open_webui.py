"""Open WebUI's export: a list of chats, each with `chat.history.messages` by id and `currentId`.

Reasoning, which it keeps inside the answer as a folded block, is told apart again; attachments are left out.
"""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from app.chat.imports.forest import Entry, grow
from app.chat.imports.values import line, mapping, moment, text
from app.chat.portable import PortableSession

_OPEN, _CLOSE = '<details type="reasoning"', "</details>"


def is_open_webui(item: dict[str, Any]) -> bool:
    return isinstance(item.get("chat"), dict)


def read_open_webui(item: dict[str, Any], now: datetime) -> PortableSession:
    """Raises BrokenConversationError, pydantic.ValidationError."""
    chat = item["chat"]
    began_at = moment(item.get("created_at"), now) or moment(chat.get("timestamp"), now) or now
    history = mapping(chat.get("history"))
    forest = grow(_entries(history.get("messages"), chat.get("messages"), now), began_at)
    title = line(item.get("title")) or line(chat.get("title"))
    return PortableSession.model_validate(
        {
            "title": title,
            "title_source": "user" if title else "auto",
            "system_prompt": text(mapping(chat.get("params")).get("system")) or None,
            "pinned": item.get("pinned") is True,
            "archived": item.get("archived") is True,
            "created_at": began_at,
            "updated_at": moment(item.get("updated_at"), now) or began_at,
            "active_leaf_id": forest.leaf_id(history.get("currentId")),
            "messages": [message.fields() for message in forest.messages],
        }
    )


def _entries(by_id: Any, listed: Any, now: datetime) -> dict[str, Entry]:
    """Read the tree, or the plain list that the oldest exports have instead."""
    if isinstance(by_id, dict) and by_id:
        return {
            node_id: _entry(mapping(node), text(mapping(node).get("parentId")) or None, now)
            for node_id, node in by_id.items()
        }
    entries: dict[str, Entry] = {}
    last_id: str | None = None
    for number, node in enumerate(listed if isinstance(listed, list) else []):
        entries[f"{number}"] = _entry(mapping(node), last_id, now)
        last_id = f"{number}"
    return entries


def _entry(node: dict[str, Any], parent_id: str | None, now: datetime) -> Entry:
    entry = Entry(parent_id, created_at=moment(node.get("timestamp"), now))
    role, content = node.get("role"), _content(node.get("content"))
    if role == "user" and content.strip():
        entry.role, entry.text = "user", content.strip()
    elif role == "assistant":
        entry.text, entry.reasoning = split_reasoning(content)
        failed = bool(node.get("error"))
        entry.role = "assistant" if entry.text or entry.reasoning or failed else None
        entry.status = "failed" if failed else "stopped" if node.get("done") is False else "complete"
        entry.model = text(node.get("model")) or text(node.get("modelName")) or None
    return entry


def _content(value: Any) -> str:
    if isinstance(value, list):
        return "\n\n".join(text(mapping(part).get("text")) for part in value)
    return text(value)


def split_reasoning(content: str) -> tuple[str, str]:
    """Return (answer, reasoning) of an answer whose thoughts stand in folded blocks; linear in its length."""
    answer, thoughts, position = [], [], 0
    while (start := content.find(_OPEN, position)) != -1:
        body = content.find(">", start) + 1
        end = content.find(_CLOSE, body) if body else -1
        if end == -1:
            break
        answer.append(content[position:start])
        thoughts.append(_thought(content[body:end]))
        position = end + len(_CLOSE)
    answer.append(content[position:])
    return "".join(answer).strip(), "\n\n".join(thought for thought in thoughts if thought)


def _thought(block: str) -> str:
    _, is_summary, after = block.partition("</summary>")
    lines = html.unescape(after if is_summary else block).strip().split("\n")
    return "\n".join(each.removeprefix(">").removeprefix(" ") for each in lines).strip()
