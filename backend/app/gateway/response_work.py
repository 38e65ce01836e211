"""One request of `/v1/responses` on its way: what its model reads, and the response as it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.auth.principal import Principal
from app.gateway.response_items import Item
from app.gateway.tables import StoredResponse


@dataclass(frozen=True, slots=True)
class ResponseWork:
    """What has been checked.

    Args:
        row_id: its id without the prefix.
        chat: the chat completion that it is asked as.
        items: what was put in with this request.
        response: the response, which changes until it is over.
    """

    row_id: str
    principal: Principal
    chat: dict[str, Any]
    items: list[Item]
    response: dict[str, Any]

    def row(self, created_at: datetime) -> StoredResponse:
        """Return it as it is stored."""
        previous = self.response["previous_response_id"]
        return StoredResponse(
            id=self.row_id,
            user_id=self.principal.user.id,
            previous_id=previous.removeprefix("resp_") if previous else None,
            status=self.response["status"],
            is_background=self.response["background"],
            input=self.items,
            response=self.response,
            created_at=created_at,
        )
