"""A maze hint: the actions that a game understands, checked; whatever else a model says becomes a plain hint."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Cell = Annotated[list[int], Field(min_length=2, max_length=2)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class MazeHint(BaseModel):
    """What `maze/hint/{sessionId}` may carry."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hint: Annotated[str, Field(max_length=2_000)] | None = None
    path: Annotated[list[Cell], Field(max_length=10_000)] | None = None
    show_path: bool | None = None
    break_wall: Cell | None = None
    break_walls: Annotated[list[Cell], Field(max_length=100)] | None = None
    breaks_remaining: Annotated[int, Field(ge=0)] | None = None
    speed_boost_ms: Milliseconds | None = None
    slow_germs_ms: Milliseconds | None = None
    freeze_germs_ms: Milliseconds | None = None
    teleport_player: Cell | None = None
    spawn_oxygen: Annotated[list[Cell], Field(max_length=100)] | None = None
    move_exit: Cell | None = None
    highlight_zone: Annotated[list[Cell], Field(max_length=1_000)] | None = None
    highlight_ms: Milliseconds | None = None
    reveal_map: bool | None = None


def hint_of(text: str) -> bytes:
    """Return the hint's JSON: what the model wrote when it is a valid hint, else `{"hint": text}`."""
    try:
        hint = MazeHint.model_validate_json(_without_fence(text))
        actions = hint.model_dump(exclude_none=True)
    except ValidationError:
        actions = {}
    return orjson.dumps(actions or {"hint": text})


def _without_fence(text: str) -> str:
    """Models like to put JSON into a Markdown fence."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped[3:-3].removeprefix("json").strip()
    return stripped
