"""How a request came and how urgent it is, for doors other than HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.auth.principal import Principal
from app.llm.turns import Door
from app.llm.types import PriorityClass


@dataclass(frozen=True, slots=True)
class Manner:
    """`door` absent: the page for who signed in, REST for a key. Who is not begun within `deadline_seconds` is dropped.

    `response_format` holds the answer to a schema, as model servers take it.
    """

    door: Door | None = None
    priority: PriorityClass = "chat"
    deadline_seconds: float | None = None
    response_format: dict[str, Any] | None = None

    def door_of(self, principal: Principal) -> Door:
        if self.door is not None:
            return self.door
        return "rest" if principal.key is not None else "page"


USUAL = Manner()
