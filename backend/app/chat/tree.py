"""The tree of a session's messages as pure data: the path to a message, the newest leaf below it, turns for the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from app.attachments.in_messages import content_with
from app.llm.turns import HistoryTurn, StoredMessage
from app.llm.types import ChatMessage, Role


@dataclass(frozen=True, slots=True)
class Node:
    """A message as the tree needs it, with what its turn measured."""

    id: str
    parent_id: str | None
    role: str
    content: str
    reasoning: str | None
    tool_calls: Any
    status: str
    model: str | None
    turn_id: str | None
    tokens: int | None
    created_at: datetime
    prefix_tokens: int | None = None
    prefix_key: str | None = None
    anchor_message_id: str | None = None
    attachments: Any = None

    @property
    def is_answer(self) -> bool:
        """Whether the model may see it again: it ended well or was stopped, and says something.

        A model that thought until its tokens were spent has said nothing, and some servers refuse an empty message for good.
        """
        return (
            self.role == "assistant" and self.status in ("complete", "stopped") and bool(self.content.strip())
        )


class Linked(Protocol):
    """Anything with a place in a tree."""

    @property
    def id(self) -> str: ...

    @property
    def parent_id(self) -> str | None: ...


AnyNode = TypeVar("AnyNode", bound=Linked)


def path_to(nodes: Mapping[str, AnyNode], leaf_id: str | None) -> list[AnyNode]:
    """Return the messages from the root down to `leaf_id`; empty when it is unknown."""
    path: list[AnyNode] = []
    seen: set[str] = set()
    node = nodes.get(leaf_id) if leaf_id else None
    while node is not None and node.id not in seen:
        seen.add(node.id)
        path.append(node)
        node = nodes.get(node.parent_id) if node.parent_id else None
    path.reverse()
    return path


def newest_leaf_below(nodes: Iterable[Node], message_id: str) -> str:
    """Go down from a message, at each fork to the newest child, until there is none."""
    newest_child: dict[str | None, Node] = {}
    for node in nodes:
        rival = newest_child.get(node.parent_id)
        if rival is None or (node.created_at, node.id) > (rival.created_at, rival.id):
            newest_child[node.parent_id] = node
    leaf_id = message_id
    while (child := newest_child.pop(leaf_id, None)) is not None:
        leaf_id = child.id
    return leaf_id


def answered_pairs(path: Sequence[Node]) -> list[tuple[Node, Node]]:
    """Return the (user, assistant) pairs of a path whose answer the model may see; half-pairs are left out."""
    return [
        (question, answer)
        for question, answer in pairwise(path)
        if question.role == "user" and answer.is_answer
    ]


def history_turns(path: Sequence[Node], documents: Mapping[str, str]) -> tuple[HistoryTurn, ...]:
    """Turn a path into what trimming moves as one, oldest first; `documents` has the texts of its files by id."""
    return tuple(
        HistoryTurn(
            messages=(stored(question, documents), stored(answer, documents)),
            prefix_tokens=answer.prefix_tokens,
            prefix_key=answer.prefix_key,
        )
        for question, answer in answered_pairs(path)
    )


def anchor_of(path: Sequence[Node], session_anchor_id: str | None) -> str | None:
    """Return the first message that this branch's last measured prompt began with.

    The newest measured answer knows it exactly; the session's own anchor is the fallback for servers without usage.
    """
    for _, answer in reversed(answered_pairs(path)):
        if answer.prefix_tokens is not None:
            return answer.anchor_message_id
    return session_anchor_id if any(node.id == session_anchor_id for node in path) else None


def stored(node: Node, documents: Mapping[str, str]) -> StoredMessage:
    """Return a node as the model sees it, with its files.

    Calls of tools stay out: a conversation has no results for them, and servers refuse calls that nothing answers.
    """
    role: Role = "user" if node.role == "user" else "assistant"
    content = content_with(node.content, node.attachments, documents)
    return StoredMessage(node.id, ChatMessage(role, content), None if node.tool_calls else node.tokens)
