"""ChatGPT's `conversations.json`: a list of conversations, each a `mapping` of nodes with `parent` and `children`.

What its page hides is left out: system and tool nodes, calls of tools, the person's own instructions. Images become a note.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.chat.imports.forest import Entry, grow
from app.chat.imports.values import line, mapping, moment, text
from app.chat.portable import PortableSession

_SHOWN = ("text", "multimodal_text", "code", "")
_IMAGE = "[image]"


def is_chatgpt(item: dict[str, Any]) -> bool:
    return isinstance(item.get("mapping"), dict)


def read_chatgpt(item: dict[str, Any], now: datetime) -> PortableSession:
    """Raises BrokenConversationError, pydantic.ValidationError."""
    began_at = moment(item.get("create_time"), now) or now
    nodes = {node_id: mapping(node) for node_id, node in item["mapping"].items()}
    parents = _parents(nodes)
    entries = {node_id: _entry(node, parents.get(node_id), now) for node_id, node in nodes.items()}
    forest = grow(entries, began_at)
    return PortableSession.model_validate(
        {
            "title": line(item.get("title")),
            "title_source": "user" if line(item.get("title")) else "auto",
            "pinned": item.get("is_starred") is True,
            "archived": item.get("is_archived") is True,
            "created_at": began_at,
            "updated_at": moment(item.get("update_time"), now) or began_at,
            "active_leaf_id": forest.leaf_id(item.get("current_node")),
            "messages": [message.fields() for message in forest.messages],
        }
    )


def _parents(nodes: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return each node's parent: what it says itself, else whose child it is."""
    parents: dict[str, str] = {}
    for node_id, node in nodes.items():
        children = node.get("children")
        for child in children if isinstance(children, list) else []:
            if isinstance(child, str) and child != node_id:
                parents.setdefault(child, node_id)
    parents.update((node_id, node["parent"]) for node_id, node in nodes.items() if text(node.get("parent")))
    return parents


def _entry(node: dict[str, Any], parent_id: str | None, now: datetime) -> Entry:
    message = mapping(node.get("message"))
    role = mapping(message.get("author")).get("role")
    entry = Entry(parent_id, created_at=moment(message.get("create_time"), now))
    content, metadata = mapping(message.get("content")), mapping(message.get("metadata"))
    if role not in ("user", "assistant") or metadata.get("is_visually_hidden_from_conversation"):
        return entry
    kind = text(content.get("content_type"))
    if kind == "thoughts" and role == "assistant":
        entry.reasoning = _thoughts(content)
    elif kind in _SHOWN and message.get("recipient") in (None, "", "all"):
        entry.text = _text(content)
        entry.role = role if entry.text else None
        entry.model = text(metadata.get("model_slug")) or None if role == "assistant" else None
        entry.status = "stopped" if message.get("status") == "in_progress" else "complete"
    return entry


def _text(content: dict[str, Any]) -> str:
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text(content.get("text")).strip()
    pieces = [_part(part) for part in parts]
    return "\n\n".join(piece for piece in pieces if piece.strip()).strip()


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    fields = mapping(part)
    is_image = "image" in text(fields.get("content_type"))
    return _IMAGE if is_image else text(fields.get("text"))


def _thoughts(content: dict[str, Any]) -> str:
    thoughts = content.get("thoughts")
    if not isinstance(thoughts, list):
        return text(thoughts)
    pieces = []
    for thought in map(mapping, thoughts):
        summary, body = text(thought.get("summary")).strip(), text(thought.get("content")).strip()
        pieces.append("\n\n".join(piece for piece in (f"**{summary}**" if summary else "", body) if piece))
    return "\n\n".join(piece for piece in pieces if piece)
