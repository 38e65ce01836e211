"""What a request needs of the model that answers it, read from its body. Pure, and asked for only when there is a choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from app.llm.prompt_size import prompt_tokens_of

_HEAD_MESSAGES = 2  # the system prompt and the first question: what all requests of a conversation begin with
_CODE = "```"


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there (embeddings, sight, room), what had better be (tools, JSON, code), what keeps a conversation together.

    Args:
        prompt_tokens: about how long the prompt is.
        affinity: requests of the same one go to the same server, which has the beginning of their prompt in its cache.
    """

    embeds: bool = False
    sees: bool = False
    tools: bool = False
    json: bool = False
    code: bool = False
    prompt_tokens: int = 0
    affinity: str | None = None

    @property
    def named(self) -> list[str]:
        """The capabilities that are wanted, by their names in definitions."""
        wanted = {"vision": self.sees, "tools": self.tools, "json": self.json, "code": self.code}
        return [name for name, is_wanted in wanted.items() if is_wanted]


TellNeeds = Callable[[], Needs]


def needs_of(body: Mapping[str, Any]) -> Needs:
    """Return what a body in OpenAI's format needs."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        prompt = body.get("prompt")
        length = prompt_tokens_of(prompt) if isinstance(prompt, str) else 0
        return Needs(embeds="input" in body, prompt_tokens=length)
    known = [message for message in messages if isinstance(message, dict)]
    wanted = body.get("response_format")
    return Needs(
        sees=has_images(known),
        tools=bool(body.get("tools")),
        json=isinstance(wanted, dict) and wanted.get("type") in ("json_object", "json_schema"),
        code=_CODE in _last_text(known),
        prompt_tokens=prompt_tokens_of(known),
        affinity=_head(known),
    )


def has_images(messages: Any) -> bool:
    """Whether a chat's messages hold an image."""
    known = messages if isinstance(messages, list) else ()
    return any(isinstance(message, dict) and _has_image(message.get("content")) for message in known)


def _has_image(content: Any) -> bool:
    parts = content if isinstance(content, list) else ()
    return any(isinstance(part, dict) and part.get("type") == "image_url" for part in parts)


def _last_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the newest question."""
    content = next((one.get("content") for one in reversed(messages) if one.get("role") == "user"), None)
    if isinstance(content, list):
        return "\n".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _head(messages: Sequence[Mapping[str, Any]]) -> str | None:
    if not messages:
        return None
    try:
        head = orjson.dumps(messages[:_HEAD_MESSAGES])
    except TypeError:
        return None
    return blake2b(head, digest_size=16).hexdigest()
