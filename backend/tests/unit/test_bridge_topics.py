"""Topics and game messages, without a broker."""

from __future__ import annotations

import pytest

from app.bridge.games import ask_of, read_game_message, reply_topic
from app.bridge.topics import (
    CancelTopic,
    GameTopic,
    GameTopics,
    RequestTopic,
    StatusTopic,
    is_own_reply_topic,
    parse_topic,
)
from app.errors import UnprocessableError

GAMES = GameTopics(["maze"], user_input="other/in", state="maze/state", template="odd/prompt")


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        ("pp/v1/robot/req", RequestTopic("robot")),
        ("pp/v1/robot/cancel/q1", CancelTopic("robot", "q1")),
        ("pp/v1/robot/status", StatusTopic("robot")),
        ("pp/v1/bridge/x/status", None),
        ("pp/v1/ro bot/req", None),
        ("maze/user_input", GameTopic("maze", "user_input")),
        ("maze/template", GameTopic("maze", "template")),
        ("maze/template/s1", GameTopic("maze", "template", "s1")),
        ("maze/delete_session/s1", GameTopic("maze", "delete_session", "s1")),
        ("other/in", GameTopic("other", "user_input")),
        ("odd/prompt", GameTopic("odd", "template")),
        ("chess/user_input", None),
        ("maze/clear_history", GameTopic("maze", "clear_history")),
        ("maze/clear_history/s1/x", None),
    ],
)
def test_a_topic_means_one_thing(topic: str, meaning: object) -> None:
    assert parse_topic(topic, GAMES) == meaning


@pytest.mark.parametrize(
    "topic", ["pp/v1/other/res/q", "pp/v1/robot/res/", "pp/v1/robot/res/+", "pp/v1/robot/res/#", "x", ""]
)
def test_an_answer_goes_nowhere_else(topic: str) -> None:
    assert not is_own_reply_topic("robot", topic)


def test_a_message_names_its_project_and_may_bring_its_own_prompt() -> None:
    asked = ask_of(GameTopic("maze", "user_input"), read_game_message(b"hello"))
    assert asked["body"] == {"session_id": "default", "message": "hello"}
    assert (asked["project"], "title" in asked) == ("maze", False)
    state = read_game_message(b'{"sessionId": "s1", "player_pos": [1, 1]}')
    assert ask_of(GameTopic("maze", "state"), state)["title"] == "maze s1"
    told = read_game_message(b'{"message": "hi", "prompt_template": {"content": "Be brief."}}')
    assert ask_of(GameTopic("maze", "user_input"), told)["body"]["system_prompt"] == "Be brief."


@pytest.mark.parametrize(
    "payload", [b"Be brief.", b'{"content": "Be brief."}', b'{"prompt_template": {"content": "Be brief."}}']
)
def test_a_prompt_comes_in_three_shapes(payload: bytes) -> None:
    asked = ask_of(GameTopic("maze", "template", "s1"), read_game_message(payload))
    assert asked == {
        "op": "prompt",
        "stream": False,
        "body": {"session_id": "s1", "system_prompt": "Be brief."},
    }


def test_a_reply_topic_elsewhere_is_refused() -> None:
    topic = GameTopic("maze", "user_input")
    message = read_game_message(b'{"message": "hi", "replyTopic": "maze/assistant_responses/x"}')
    with pytest.raises(UnprocessableError):
        reply_topic(topic, message, "maze/assistant_response")
