"""Topic filters: whether what somebody wants lies within what they may. Pure (MQTT 5, section 4.7)."""

from __future__ import annotations

from collections.abc import Iterable


def is_within(wanted: str, allowed: Iterable[str]) -> bool:
    """Tell whether each topic that `wanted` (a topic, or a filter) can mean is meant by one of the allowed filters."""
    levels = wanted.split("/")
    return any(_covers(filter_.split("/"), levels) for filter_ in allowed)


def _covers(allowed: list[str], wanted: list[str]) -> bool:
    if wanted[0].startswith("$") and allowed[0] in ("#", "+"):
        return False
    for place, level in enumerate(allowed):
        if level == "#":
            return True
        if place >= len(wanted) or wanted[place] == "#":
            return False
        if level not in ("+", wanted[place]):
            return False
    return len(allowed) == len(wanted)
