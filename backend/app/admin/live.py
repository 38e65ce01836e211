"""Single asks that run now: as one replica tells the others of them, and as operators see them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.admin.schemas import LiveTurn
from app.llm.in_flight import RunningAsk

MAX_TOLD = 200
"""Of one replica, the oldest: what runs for long is what somebody may want to stop."""


@dataclass(frozen=True, slots=True)
class LiveAsk:
    """One ask without a session. `began_at` is in seconds since 1970."""

    id: str
    user_id: int
    door: str
    model: str | None
    began_at: float
    replica: str

    def read(self, email: str) -> LiveTurn:
        """Return it as a line of what runs now."""
        began_at = datetime.fromtimestamp(self.began_at, UTC)
        return LiveTurn(
            turn_id=self.id,
            user_id=self.user_id,
            email=email,
            door=self.door,
            model=self.model,
            status="streaming",
            replica=self.replica,
            created_at=began_at,
            started_at=began_at,
        )


def told(asks: Sequence[RunningAsk]) -> list[dict[str, Any]]:
    """Return asks for a message; `heard` reads them."""
    return [
        {
            "id": ask.id,
            "user_id": ask.caller.user_id,
            "door": ask.door,
            "model": None if ask.model is None else str(ask.model)[:200],
            "began_at": ask.began_at.timestamp(),
        }
        for ask in asks[:MAX_TOLD]
    ]


def heard(given: Sequence[Mapping[str, Any]], replica: str) -> list[LiveAsk]:
    """Read what `told` wrote. Raises KeyError, TypeError, ValueError."""
    return [
        LiveAsk(
            str(one["id"]),
            int(one["user_id"]),
            str(one["door"]),
            None if one["model"] is None else str(one["model"]),
            float(one["began_at"]),
            replica,
        )
        for one in given
    ]
