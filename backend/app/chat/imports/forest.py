"""Makes a tree of questions and answers out of another program's tree: hidden nodes go, split answers become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.chat.imports.errors import BrokenConversationError
from app.chat.portable import MAX_MESSAGES


@dataclass(slots=True)
class Entry:
    """A node as a file has it. Without a role nobody sees it: what hangs below it hangs below its parent then."""

    parent_id: str | None
    role: Literal["user", "assistant"] | None = None
    text: str = ""
    reasoning: str = ""
    model: str | None = None
    status: Literal["complete", "stopped", "failed"] = "complete"
    created_at: datetime | None = None


@dataclass(slots=True)
class Seen:
    """A message that people see, with its texts in pieces."""

    id: str
    parent: Seen | None
    role: Literal["user", "assistant"]
    created_at: datetime
    model: str | None = None
    status: str = "complete"
    texts: list[str] = field(default_factory=list)
    reasonings: list[str] = field(default_factory=list)

    def fields(self) -> dict[str, object]:
        """Return it as a message of the portable format."""
        return {
            "id": self.id,
            "parent_id": self.parent.id if self.parent else None,
            "role": self.role,
            "content": "\n\n".join(self.texts),
            "reasoning": "\n\n".join(self.reasonings) or None,
            "status": self.status,
            "model": self.model[:200] if self.model else None,
            "created_at": self.created_at,
        }


@dataclass(slots=True)
class _Thought:
    """Reasoning in a node of its own, for the first answer below it and no other: a file cannot multiply its text."""

    text: str
    before: _Thought | None
    is_taken: bool = False


@dataclass(slots=True)
class _Step:
    """A node to visit: who is above it, whether it is the only way on from there, and thoughts on the way to it."""

    id: str
    above: Seen | None
    is_only_way: bool
    created_at: datetime
    thought: _Thought | None = None


@dataclass(slots=True)
class Forest:
    """What people see of a tree, parents first; `shown_as` has for every node the message that stands for it."""

    messages: list[Seen]
    shown_as: dict[str, Seen | None]

    def leaf_id(self, node_id: object) -> str | None:
        """Return the message that stands for another program's current node, else the newest message."""
        shown = self.shown_as.get(node_id) if isinstance(node_id, str) else None
        if shown is None and self.messages:
            shown = max(enumerate(self.messages), key=lambda pair: (pair[1].created_at, pair[0]))[1]
        return shown.id if shown else None


def grow(entries: Mapping[str, Entry], began_at: datetime) -> Forest:
    """Walk all trees from their roots. Raises BrokenConversationError for loops, for too much, and when nothing is seen."""
    children: dict[str | None, list[str]] = {}
    for node_id, entry in entries.items():
        parent_id = entry.parent_id if entry.parent_id in entries else None
        children.setdefault(parent_id, []).append(node_id)
    forest = Forest([], {})
    stack = [_Step(root, None, False, began_at) for root in reversed(children.get(None, []))]
    while stack:
        step = stack.pop()
        after = _visit(forest, entries[step.id], step)
        below = children.get(step.id, [])
        after.is_only_way = after.is_only_way and len(below) == 1
        stack.extend(
            _Step(child, after.above, after.is_only_way, after.created_at, after.thought)
            for child in reversed(below)
        )
    if len(forest.shown_as) < len(entries):
        raise BrokenConversationError("Its messages form a loop.")
    if not forest.messages:
        raise BrokenConversationError("It has no messages.")
    if len(forest.messages) > MAX_MESSAGES:
        raise BrokenConversationError(f"It has more than {MAX_MESSAGES} messages.")
    return forest


def _visit(forest: Forest, entry: Entry, step: _Step) -> _Step:
    """Add a node to what is seen, or pass over it; returns what its children are below."""
    moment = entry.created_at or step.created_at
    thought = _Thought(entry.reasoning, step.thought) if entry.reasoning else step.thought
    if entry.role is None:
        forest.shown_as[step.id] = step.above
        return _Step(step.id, step.above, step.is_only_way, moment, thought)
    above = step.above
    if entry.role == "assistant" and above is not None and above.role == "assistant" and step.is_only_way:
        seen = above  # one answer that a tool or a pause cut in pieces
    else:
        seen = Seen(str(len(forest.messages)), above, entry.role, moment)
        forest.messages.append(seen)
    if entry.text:
        seen.texts.append(entry.text)
    if entry.role == "assistant":
        seen.reasonings.extend(_take(thought))
        seen.model, seen.status = entry.model or seen.model, entry.status
    forest.shown_as[step.id] = seen
    return _Step(step.id, seen, True, moment)


def _take(thought: _Thought | None) -> list[str]:
    texts = []
    while thought is not None and not thought.is_taken:
        thought.is_taken = True
        texts.append(thought.text)
        thought = thought.before
    texts.reverse()
    return texts
