"""Responses at a server that has them itself: how it is asked, by the caller's own body, and under whose ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.gateway.own_stream import RESPONSES
from app.gateway.response_items import Item, has_references
from app.llm.relay import Shape
from app.llm.routing import Target

_RESHAPED = ("model", "input", "previous_response_id", "conversation", "background", "stream", "store")
_PORTABLE = (
    "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredAt:
    """Where a response is stored besides the portal: at which provider, under which id there."""

    provider: str
    id: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> StoredAt:
        """Read what a response's row says of it."""
        return cls(row["provider"], row["id"])

    @classmethod
    def read(cls, value: Mapping[str, Any] | None) -> StoredAt | None:
        """Read the same; None for a response that only the portal has."""
        return cls.of(value) if value is not None else None


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """One request, checked.

    Args:
        body: as it came.
        items: what it puts in, with each reference replaced by what it names.
        earlier: what was said before, as the portal knows it.
        previous: where the response that it goes on from is stored, if not at the portal alone.
        is_stored: whether the server may keep the response.
    """

    body: Mapping[str, Any]
    items: Sequence[Item]
    earlier: Sequence[Item]
    previous: StoredAt | None
    is_stored: bool

    def shape(self, target: Target, *, is_stream: bool, is_background: bool) -> Shape:
        """Return the request as this target is asked.

        Who has the previous response goes on from it; any other server reads what was said before.
        """
        body = {name: value for name, value in self.body.items() if name not in _RESHAPED}
        if self.previous is not None and self.previous.provider == provider_of(target):
            body["previous_response_id"] = self.previous.id
            body["input"] = self._input()
        elif self.earlier:
            body["input"] = [*map(_portable, self.earlier), *map(_portable, self.items)]
        else:
            body["input"] = self._input()
        if body["input"] is None:
            del body["input"]
        if not self.is_stored or "store" in self.body:
            body["store"] = self.is_stored
        if is_stream:
            body["stream"] = True
        if is_background and target.provider.has_own("background"):
            body["background"] = True
        return Shape(RESPONSES, body, is_stream)

    def _input(self) -> Any:
        """Return the input as it came; references are replaced, for an id alone says nothing of whose it is."""
        given = self.body.get("input")
        return [*map(_portable, self.items)] if has_references(given) else given

    def sizes(self) -> dict[str, Any]:
        """Return what limits and routing go by where no chat completion can say it."""
        content: list[Any] = [*self.earlier, *self.items]
        if any(_has_image(item) for item in self.items):
            content.append({"type": "image_url"})
        known = {name: self.body[name] for name in ("model", "tools") if name in self.body}
        longest = self.body.get("max_output_tokens")
        return {
            **known,
            **({"max_tokens": longest} if longest is not None else {}),
            "messages": [{"role": "user", "content": content}],
        }


def provider_of(target: Target) -> str:
    """Return at which server a target is; a target's name begins with it."""
    return target.name.partition("/")[0]


def _portable(item: Item) -> Item:
    """Return an item as a server takes it that has never seen it."""
    if item.get("type") not in _PORTABLE:
        return item
    return {name: value for name, value in item.items() if name not in ("id", "status")}


def _has_image(item: Item) -> bool:
    parts = item.get("content")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and part.get("type") == "input_image" for part in parts
    )
