"""What the bridge says of itself, for health and the administrator."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_FIRST_SECONDS = 10.0


@dataclass(slots=True)
class BridgeStatus:
    """Counted since the start; `is_connected` is now."""

    broker: str = ""
    is_connected: bool = False
    connects: int = 0
    running: int = 0
    waiting: int = 0
    oldest_seconds: float = 0.0
    received: int = 0
    answered: int = 0
    refused: int = 0
    duplicates: int = 0
    taken_up: int = 0
    adopted: int = 0
    states_replaced: int = 0
    dropped: int = 0
    problem: str = field(default="")
    began: float = field(default_factory=time.monotonic)

    @property
    def is_starting(self) -> bool:
        """Whether it has only just begun to look for the broker."""
        return not self.connects and time.monotonic() - self.began < _FIRST_SECONDS

    def gauges(self) -> list[tuple[str, str, float]]:
        """Return name, meaning and value of what is so now."""
        return [
            ("connected", "1 while the broker is reached.", self.is_connected),
            ("requests_running", "MQTT requests under way.", self.running),
            (
                "requests_waiting",
                "MQTT requests that wait for an earlier one of their session.",
                self.waiting,
            ),
            (
                "oldest_request_seconds",
                "Age of the oldest MQTT request that has no answer yet.",
                self.oldest_seconds,
            ),
        ]

    def counters(self) -> list[tuple[str, str, float]]:
        """Return name, meaning and value of what is counted since the start."""
        return [
            ("connects", "How often the broker was reached.", self.connects),
            ("received", "MQTT messages that came.", self.received),
            ("answered", "MQTT requests that were answered.", self.answered),
            ("refused", "MQTT messages that were refused.", self.refused),
            ("duplicates", "MQTT requests that came again, answered from the store.", self.duplicates),
            ("taken_up", "MQTT requests taken over from a bridge that was gone.", self.taken_up),
            ("adopted", "MQTT messages fetched that waited for a bridge that was gone.", self.adopted),
            ("states_replaced", "States of games that a newer one replaced.", self.states_replaced),
            ("dropped", "MQTT messages of QoS 0 dropped because too many waited.", self.dropped),
        ]
