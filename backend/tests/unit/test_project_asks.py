"""What a project adds to a game's request."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.bridge.hints import MazeHint
from app.bridge.project_asks import manner_of, with_defaults
from app.chat.manner import Manner
from app.projects.builtin import BUILTIN, MAZE_SCHEMA, builtin_settings
from app.projects.schemas import ProjectSettings


def test_what_the_game_says_comes_before_what_the_project_says() -> None:
    settings = ProjectSettings(model="small", temperature=0.9, max_tokens=80)
    body = with_defaults({"message": "hi", "temperature": 0}, settings)
    assert body == {"message": "hi", "model": "small", "temperature": 0, "max_tokens": 80}


def test_the_schema_reaches_the_model_as_servers_take_it() -> None:
    own, settings = (
        Manner("mqtt", "player", 2.5),
        ProjectSettings(answer_schema={"type": "object"}, priority="batch"),
    )
    manner = manner_of(settings, own, is_urgency_said=False)
    assert (manner.door, manner.priority, manner.deadline_seconds) == ("mqtt", "batch", 2.5)
    assert manner_of(settings, own, is_urgency_said=True).priority == "player"
    assert manner.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert manner_of(ProjectSettings(), own, is_urgency_said=False).response_format is None


def test_the_mazes_schema_asks_for_nothing_that_the_bridge_would_throw_away() -> None:
    assert MAZE_SCHEMA["properties"].keys() <= MazeHint.model_fields.keys()
    assert BUILTIN["maze"].answer_schema == MAZE_SCHEMA
    assert builtin_settings("chess") == builtin_settings("general")


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": 3}, {"deadline_seconds": 0}, {"answer_schema": {"x": "y" * 30_000}}, {"prompt": "x"}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ProjectSettings.model_validate(wrong)
