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
    "You guide a player through a maze. x grows to the right, y grows downwards. Each message is the state of the game: "
    "visible_map has the rows around the player, who stands in the middle; 0 is open, 1 is a wall or not seen yet. "
    "Answer with one JSON object and nothing else. hint is one short, kind sentence that says where to go next, without "
    "coordinates. Add what helps now, and leave out the rest: show_path, or path (a list of [x, y]); break_wall ([x, y]) "
    "where a wall beside the player stands before the exit; freeze_germs_ms or slow_germs_ms (up to 5000) while a germ is "
    "near; spawn_oxygen (a list of open [x, y] near the player) when oxygen is below 30; speed_boost_ms; reveal_map when "
    "the player is lost; highlight_zone (a list of [x, y]) with highlight_ms; teleport_player ([x, y]) only when health "
    "is 1 and a germ is beside the player."
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
