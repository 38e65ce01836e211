"""One request of `/v1/messages` on its way: as it came for a server that has Messages itself, translated for any other. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.gateway.bodies import has_template
from app.gateway.own_stream import MESSAGES
from app.llm.relay import Shape
from app.llm.routing import Target

_CHAT = "/v1/chat/completions"
_PASSED = ("anthropic-version", "anthropic-beta")
_VALUE = re.compile(r"[\x20-\x7e]{1,1000}")
_SIZED = ("model", "max_tokens", "tools", "stream")


@dataclass(frozen=True, slots=True)
class MessageWork:
    """What has been checked.

    Args:
        body: as it came.
        chat: the chat completion that it is asked as where it must be translated; None where it cannot be.
        headers: what the caller's SDK says of versions and betas.
    """

    body: Mapping[str, Any]
    chat: dict[str, Any] | None
    headers: Mapping[str, str]

    @property
    def is_stream(self) -> bool:
        return bool(self.body.get("stream", False))

    @property
    def sizes(self) -> dict[str, Any]:
        """Return the body that limits, routing and keeping go by."""
        if self.chat is not None:
            return self.chat
        known = {name: self.body[name] for name in _SIZED if name in self.body}
        content = _readable([self.body.get("system") or "", self.body["messages"]])
        return {**known, "messages": [{"role": "user", "content": content}]}

    def shape(self, target: Target) -> Shape | None:
        """Return it as a target is asked; None where it cannot be said to this one."""
        if not has_template(self.body) and target.provider.has_own("messages"):
            return Shape(MESSAGES, dict(self.body), self.is_stream, self.headers)
        return Shape(_CHAT, self.chat, self.is_stream) if self.chat is not None else None


def count_shape(body: dict[str, Any], headers: Mapping[str, str], target: Target) -> Shape | None:
    """Return the question how long a prompt is, as a server takes it that has Messages itself."""
    if not target.provider.has_own("messages"):
        return None
    return Shape(f"{MESSAGES}/count_tokens", body, is_stream=False, headers=headers)


def passed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what goes along of a caller's headers; one that could not be sent is left out."""
    return {name: headers[name] for name in _PASSED if _VALUE.fullmatch(headers.get(name, ""))}


def _readable(value: Any) -> Any:
    """Return content whose files are marked as such: their data is no text that is counted."""
    if isinstance(value, list):
        return [_readable(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "base64" and isinstance(value.get("data"), str):
        return {"data": "data:;base64,"}
    return {name: _readable(one) for name, one in value.items()}
