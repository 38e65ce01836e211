"""Which clients say of themselves that they are there, on `pp/v1/{client}/status`: by themselves, or by their last will."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson

from app.kit.clock import Clock

_MOST = 10_000
_GONE = {"offline", "disconnected", "gone", "away"}


@dataclass(frozen=True, slots=True)
class Presence:
    """What a client said last, and when it was heard."""

    state: Literal["online", "offline"]
    since: datetime


class DevicePresence:
    """What was heard by this process; a status that is retained is heard again by the next one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: OrderedDict[str, Presence] = OrderedDict()

    def hear(self, client: str, payload: bytes) -> None:
        """Note a status; an empty one takes back what was said."""
        if not payload:
            self._said.pop(client, None)
            return
        state: Literal["online", "offline"] = "offline" if _is_gone(payload) else "online"
        before = self._said.get(client)
        if before is None or before.state != state:
            self._said[client] = Presence(state, self._clock.now())
        self._said.move_to_end(client)
        if len(self._said) > _MOST:
            self._said.popitem(last=False)

    def of(self, client: str) -> Presence | None:
        """Return what a client said; None for one that says nothing."""
        return self._said.get(client)


def _is_gone(payload: bytes) -> bool:
    """Read a word, or JSON with a `state`; a last will that stops requests is that of a client that is gone."""
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        said = payload.decode(errors="replace").strip()
    if isinstance(said, dict):
        state = said.get("state", said.get("status"))
        if state is None:
            return said.get("cancel") is True or said.get("online") is False
        said = state
    return said is False or str(said).lower() in _GONE
