"""One request of `/v1/responses` on its way: what its model reads, in either form, and the response as it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.auth.principal import Principal
from app.gateway.own_events import OwnEncoder
from app.gateway.own_responses import OwnRequest, provider_of
from app.gateway.own_stream import RESPONSES
from app.gateway.response_events import ResponseEncoder
from app.gateway.response_items import Item
from app.gateway.tables import StoredResponse
from app.llm.relay import Relayed, Shape
from app.llm.routing import Target

_CHAT = "/v1/chat/completions"
_COUNTED = (
    "input", "instructions", "tools", "tool_choice", "text", "reasoning", "previous_response_id", "conversation",
    "parallel_tool_calls", "truncation", "personality",
)  # fmt: skip
Encoder = ResponseEncoder | OwnEncoder


@dataclass(frozen=True, slots=True)
class ResponseWork:
    """What has been checked.

    Args:
        row_id: its id without the prefix.
        chat: the chat completion that it is asked as where it must be translated; None where it cannot be.
        own: how a server is asked that has responses itself; None where it must be translated.
        items: what was put in with this request.
        response: the response, which changes until it is over.
    """

    row_id: str
    principal: Principal
    chat: dict[str, Any] | None
    own: OwnRequest | None
    items: list[Item]
    response: dict[str, Any]

    @property
    def sizes(self) -> dict[str, Any]:
        """Return the body that limits and routing go by."""
        if self.chat is not None:
            return self.chat
        return self.own.sizes() if self.own is not None else {}

    def shape(self, target: Target, *, is_stream: bool) -> Shape | None:
        """Return it as a target is asked; None where it cannot be said to this one."""
        if self.own is not None and target.provider.has_own("responses"):
            is_background = bool(self.response["background"])
            return self.own.shape(target, is_stream=is_stream, is_background=is_background)
        return Shape(_CHAT, self.chat, is_stream=True) if self.chat is not None else None

    def count_shape(self, target: Target) -> Shape | None:
        """Return the question how long its prompt is, as a server takes it that has responses itself."""
        if self.own is None or not target.provider.has_own("responses"):
            return None
        shape = self.own.shape(target, is_stream=False, is_background=False)
        body = {name: value for name, value in shape.body.items() if name in _COUNTED}
        return Shape(f"{RESPONSES}/input_tokens", body, is_stream=False)

    def encoder(self, answer: Relayed, told: int = 0) -> Encoder:
        """Return what makes the response of an answer; `told` is how many of its events were told already."""
        if answer.shape.path == _CHAT:
            return ResponseEncoder(self.response)
        response = {**self.response, "model": answer.target.alias}
        return OwnEncoder(response, told, goes_on_alone=bool(answer.shape.body.get("background")))

    def row(
        self, created_at: datetime, encoder: Encoder | None = None, target: Target | None = None
    ) -> StoredResponse:
        """Return it as it is stored."""
        response = encoder.response if encoder is not None else self.response
        previous = self.response["previous_response_id"]
        return StoredResponse(
            id=self.row_id,
            user_id=self.principal.user.id,
            previous_id=previous.removeprefix("resp_") if previous else None,
            status=response["status"],
            is_background=self.response["background"],
            input=self.items,
            response=response,
            upstream=self.upstream(encoder, target),
            created_at=created_at,
        )

    def upstream(self, encoder: Encoder | None, target: Target | None) -> dict[str, str | None] | None:
        """Return where a response is stored besides here, as its row keeps it."""
        if not isinstance(encoder, OwnEncoder) or target is None or not encoder.is_stored_there:
            return None
        found = {"provider": provider_of(target), "id": encoder.their_id, "target": target.name}
        return {**found, "key": self.principal.caller.key_id}
