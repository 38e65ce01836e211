"""What a project adds to a game's request. Pure: what the game says of itself comes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.chat.manner import Manner
from app.projects.schemas import ProjectSettings

_DEFAULTS = ("model", "temperature", "top_p", "max_tokens")


def with_defaults(body: dict[str, Any], settings: ProjectSettings) -> dict[str, Any]:
    """Return the request's body, with the project's values where the game gave none."""
    own = {name: getattr(settings, name) for name in _DEFAULTS}
    return {**{name: value for name, value in own.items() if value is not None}, **body}


def manner_of(settings: ProjectSettings, own: Manner, *, is_urgency_said: bool) -> Manner:
    """Return how the engine is asked: as urgently as the project says, unless the game said so itself."""
    priority = own.priority if is_urgency_said else settings.priority
    return replace(own, priority=priority, response_format=settings.response_format)
