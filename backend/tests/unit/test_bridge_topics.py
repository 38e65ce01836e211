"""Topics and game messages, without a broker."""

from __future__ import annotations

import orjson
import pytest

from app.bridge.games import ask_of, read_game_message, read_sender, reply_topic, request_name
from app.bridge.topics import (
    CancelTopic,
    GameTopic,
    GameTopics,
    RequestTopic,
    StatusTopic,
    is_own_reply_topic,
    parse_topic,
    reply_base,
    sender_of,
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


def test_a_state_that_cannot_be_written_as_json_is_refused_with_its_reason() -> None:
    deep = b'{"sessionId": "s1", "visible_map": ' + b"[" * 300 + b"]" * 300 + b"}"
    with pytest.raises(UnprocessableError, match="nested too deeply"):
        ask_of(GameTopic("maze", "state"), read_game_message(deep))


def test_a_reply_topic_elsewhere_is_refused() -> None:
    topic = GameTopic("maze", "user_input")
    message = read_game_message(b'{"message": "hi", "replyTopic": "maze/assistant_responses/x"}')
    with pytest.raises(UnprocessableError):
        reply_topic(topic, message, "maze/assistant_response")


def test_a_reply_topic_of_more_levels_than_a_broker_takes_is_refused() -> None:
    topic, base = GameTopic("maze", "user_input"), "maze/assistant_response"
    for levels, is_taken in ((20, True), (200, False), (40_000, False)):
        wished = "/".join([base, *("a" * levels)])
        message = read_game_message(f'{{"message": "hi", "replyTopic": "{wished}"}}'.encode())
        if is_taken:
            assert reply_topic(topic, message, base) == wished
        else:
            with pytest.raises(UnprocessableError, match="256 characters"):
                reply_topic(topic, message, base)


def test_fields_that_an_engine_writes_though_they_say_nothing_are_read_as_absent() -> None:
    topic = GameTopic("maze", "user_input")
    said = read_game_message(
        b'{"sessionId": "", "message": "hi", "temperature": 0, "topP": 0, "maxTokens": 0, "systemPrompt": "", '
        b'"replyTopic": "", "clientId": "", "requestId": "", "token": ""}'
    )
    assert said.has_plain_names
    assert ask_of(topic, said)["body"] == {"session_id": "default", "message": "hi", "temperature": 0}
    assert reply_topic(topic, said, "maze/assistant_response") == "maze/assistant_response/default"
    nothing = read_game_message(b'{"sessionId": null, "message": null, "requestId": null}')
    assert (nothing.sessionId, nothing.message, nothing.requestId) == ("default", "", None)


def test_an_empty_session_is_not_all_of_them() -> None:
    cleared = ask_of(GameTopic("maze", "clear_history"), read_game_message(b'{"sessionId": ""}'))
    assert (cleared["op"], cleared["body"]) == ("clear", {"session_id": "default"})


def test_ids_may_be_numbers() -> None:
    said = read_game_message(b'{"sessionId": 7, "clientId": 1, "requestId": 17, "message": "hi"}')
    topic = reply_topic(GameTopic("maze", "user_input"), said, "maze/assistant_response")
    assert topic == "maze/assistant_response/7/1/17"


def test_a_games_id_is_its_clients_and_of_one_content() -> None:
    def name(**more: object) -> str | None:
        given = {"sessionId": "s1", "clientId": "a", "requestId": "1", "message": "hi", **more}
        said = read_game_message(orjson.dumps(given))
        return request_name(said, ask_of(GameTopic("maze", "user_input"), said))

    again, other = name(), [name(clientId="b"), name(sessionId="s2"), name(message="ho"), name(requestId="2")]
    assert name() == again
    assert len({again, *other}) == 5
    assert name(requestId="") is None


def test_who_sent_what_cannot_be_used_is_known_as_far_as_it_tells() -> None:
    sender = read_sender(b'{"sessionId": "s1", "clientId": "c", "token": "t", "maxTokens": "many"}')
    assert sender.token is not None
    assert (sender.sessionId, sender.clientId, sender.token.get_secret_value()) == ("s1", "c", "t")
    odd = read_sender(b'{"sessionId": {}, "token": "t"}')
    assert odd.token is not None
    assert ("sessionId" in odd.model_fields_set, odd.token.get_secret_value()) == (False, "t")


@pytest.mark.parametrize(
    ("topic", "sender"),
    [
        ("pp/v1/robot/req", "pp/v1/robot"),
        ("pp/v1/robot/cancel/q1", "pp/v1/robot"),
        ("pp/v1/robot/status", "pp/v1/robot"),
        ("maze/user_input", "maze"),
        ("maze/clear_history/s1", "maze"),
    ],
)
def test_what_one_client_says_on_its_topics_keeps_one_order(topic: str, sender: str) -> None:
    assert sender_of(topic) == sender


@pytest.mark.parametrize(
    ("hears", "base"),
    [("maze/hint/+", "maze/hint"), ("lab/hints/#", "lab/hints"), ("lab", "lab"), ("+/hint/+", ""), ("", "")],
)
def test_answers_go_where_the_setting_hears_them(hears: str, base: str) -> None:
    assert reply_base(hears) == base
