"""What the pieces of a completion hold, checked for being what they should: servers have ideas of their own. Pure."""

from __future__ import annotations

from typing import Any

SENSELESS_ERRORS = (ValueError, AttributeError, TypeError, KeyError, IndexError)
"""What is raised by taking an answer for a completion that is none."""
NO_SENSE = "The model server's answer makes no sense."


def known_text(value: Any) -> str:
    """Return a piece of text. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def known_count(counts: Any, name: str) -> int:
    """Return a number of tokens; 0 where there is none."""
    value = counts.get(name) if isinstance(counts, dict) else 0
    return value if isinstance(value, int) and value > 0 else 0
