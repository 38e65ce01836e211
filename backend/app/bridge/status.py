"""What the bridge says of itself, for health and the administrator."""

from __future__ import annotations

from dataclasses import dataclass, field


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
