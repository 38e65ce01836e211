"""The projects that every portal has, as they are before anybody edits them."""

from __future__ import annotations

from typing import Any

from app.projects.schemas import ProjectSettings

_CELL: dict[str, Any] = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
_MILLISECONDS: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 60_000}


def _cells(most: int) -> dict[str, Any]:
    return {"type": "array", "items": _CELL, "maxItems": most}


# In the order in which models write them: a grammar made of this holds them to it. The bridge checks the answer again.
MAZE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "hint": {"type": "string"},
        "path": _cells(64),
        "show_path": {"type": "boolean"},
        "break_wall": _CELL,
        "break_walls": _cells(8),
        "speed_boost_ms": _MILLISECONDS,
        "slow_germs_ms": _MILLISECONDS,
        "teleport_player": _CELL,
        "spawn_oxygen": _cells(8),
        "highlight_zone": _cells(16),
        "highlight_ms": _MILLISECONDS,
        "freeze_germs_ms": _MILLISECONDS,
        "reveal_map": {"type": "boolean"},
    },
    "required": ["hint"],
    "additionalProperties": False,
}

_MAZE = (
    "You guide a player through a maze. Answer with one JSON object and nothing else. Its fields, all optional: "
    "hint (a short sentence), path (list of [x, y]), show_path, break_wall ([x, y]), speed_boost_ms, slow_germs_ms, "
    "freeze_germs_ms, teleport_player ([x, y]), spawn_oxygen (list of [x, y]), reveal_map."
)

DEFAULT = ProjectSettings(system_prompt="You are a helpful assistant. Answer briefly.")

BUILTIN: dict[str, ProjectSettings] = {
    "maze": ProjectSettings(system_prompt=_MAZE, answer_schema=MAZE_SCHEMA, priority="player"),
    "driving": ProjectSettings(
        system_prompt="You are a driving instructor in a physics game. Answer in one or two short sentences.",
        priority="player",
    ),
    "bloodcell": ProjectSettings(
        system_prompt="You accompany a player who travels as a blood cell. Explain in one or two short sentences.",
        priority="player",
    ),
    "racing": ProjectSettings(
        system_prompt="You are a race engineer on the radio. Answer in one short sentence.", priority="player"
    ),
    "general": DEFAULT,
    "prompt_portal": ProjectSettings(system_prompt="You are a helpful assistant."),
}


def builtin_settings(name: str) -> ProjectSettings:
    """Return how a project is before anybody edits it; those of MQTT_PROJECTS that the portal does not know are general."""
    return BUILTIN.get(name, DEFAULT)
