"""Which bridges there are at the broker, by what they and their last wills say; and whose messages are to be fetched. Pure."""

from __future__ import annotations

import re

from app.bridge.topics import ROOT
from app.kit.clock import Clock

BRIDGES = f"{ROOT}/bridge/+/status"
# One that is started again comes back within this time, and finds its messages itself.
GRACE_SECONDS = 15.0
_TOPIC = re.compile(rf"{ROOT}/bridge/([A-Za-z0-9_.:~-]{{1,64}})/status")


class Members:
    """The bridges that share one broker's requests.

    Args:
        own_id: this bridge's name.
        name: how the names of all of them begin; of others nothing is believed.
    """

    def __init__(self, own_id: str, name: str, clock: Clock) -> None:
        self._own_id = own_id
        self._shape = re.compile(rf"{re.escape(name)}-[0-9a-f]{{12}}")
        self._clock = clock
        self._online: set[str] = set()
        self._gone_at: dict[str, float] = {}

    def hear(self, topic: str, payload: bytes) -> bool:
        """Note what a bridge's status says; False for another topic."""
        found = _TOPIC.fullmatch(topic)
        if found is None:
            return False
        bridge = found[1]
        if bridge == self._own_id or self._shape.fullmatch(bridge) is None:
            return True
        if payload == b"online":
            self._online.add(bridge)
            self._gone_at.pop(bridge, None)
        else:
            self._online.discard(bridge)
            if payload:
                self._gone_at.setdefault(bridge, self._clock.monotonic())
            else:
                self._gone_at.pop(bridge, None)
        return True

    @property
    def is_alone(self) -> bool:
        """Whether no other bridge shares the requests."""
        return not self._online

    def to_adopt(self) -> list[str]:
        """Return who is gone for good, if it is this bridge's turn: the first by name fetches for all."""
        if any(other < self._own_id for other in self._online):
            return []
        before = self._clock.monotonic() - GRACE_SECONDS
        return sorted(bridge for bridge, gone_at in self._gone_at.items() if gone_at <= before)

    def forget(self, bridge: str) -> None:
        """Nothing waits for it any more."""
        self._gone_at.pop(bridge, None)
