"""Games and devices over a real Mosquitto, on a real portal: both contracts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fakes.upstream import FakeUpstream, Recorded, Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device
from tests.fixtures.portal import PortalProcess

pytestmark = pytest.mark.live

_BURST = 600  # all on one topic, so in one lane
ALL = ("pp/v1/robot/res/#", "+/assistant_response/#", "maze/hint/#")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    """One portal for all cases; each case is a person of its own."""
    with games(tmp_path_factory.mktemp("games"), _sqlite_template) as made:
        made.add_portal()
        yield made


@pytest.fixture
def threaded_model(place: Games) -> FakeUpstream:
    place.model.requests.clear()
    place.model.respond = None
    return place.model


@pytest.fixture
def device(place: Games) -> Iterator[Device]:
    assert place.broker is not None
    with Device(place.broker.port, *ALL) as made:
        yield made


def test_a_session_streams_frames_that_a_later_request_remembers(
    mqtt_portal: PortalProcess, key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    ask = {"id": "q1", "token": key, "session_id": "maze-7", "message": "Which way?", "stream": True}
    device.send("pp/v1/robot/req", ask)
    frames = device.frames()
    final = frames[-1]
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert {frame["type"] for frame in frames[:-1]} == {"delta"}
    assert "".join(frame["text"] for frame in frames[:-1]) == final["text"] == "You said: Which way?"
    assert (final["id"], final["session_id"], final["finish_reason"]) == ("q1", "maze-7", "stop")
    assert final["usage"]["completion_tokens"] > 0

    device.send("pp/v1/robot/req", {**ask, "id": "q2", "message": "And now?", "stream": False})
    assert [frame["type"] for frame in device.frames()] == ["final"]
    assert len(threaded_model.requests[-1].body["messages"]) == 3
    device.send("pp/v1/robot/req", {"id": "q3", "token": key, "op": "history", "session_id": "maze-7"})
    assert len(device.frame()["messages"]) == 4


def test_a_request_that_comes_again_is_answered_from_the_store(
    key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    ask = {"id": "q1", "token": key, "session_id": "s", "message": "once"}
    device.send("pp/v1/robot/req", ask)
    first = device.frame()
    device.send("pp/v1/robot/req", ask)
    assert device.frame() == first
    assert len(threaded_model.requests) == 1
    device.send("pp/v1/robot/req", {**ask, "message": "something else"})
    assert device.frame()["error"]["code"] == "id_reused"
    device.send("pp/v1/robot/req", {**ask, "id": "q9", "op": "shout"})
    refused = device.next()
    assert (refused.topic, orjson.loads(refused.payload)["id"]) == ("pp/v1/robot/res/q9", "q9")


def test_a_request_that_comes_again_while_it_runs_is_answered_where_it_came_from_last(
    key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    threaded_model.queue(Reply(text="at last", first_delay_seconds=1))
    ask = {"id": "w1", "token": key, "session_id": "s", "message": "slow"}
    for place in ("before", "after"):
        device.send("pp/v1/robot/req", ask, ResponseTopic=f"pp/v1/robot/res/{place}")
    answer = device.next()
    assert (answer.topic, orjson.loads(answer.payload)["text"]) == ("pp/v1/robot/res/after", "at last")
    assert len(threaded_model.requests) == 1


def test_without_a_valid_key_there_is_no_answer_and_the_token_is_not_logged(
    mqtt_portal: PortalProcess, key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    canary = "pp_" + "c4nary" * 7 + "x"
    device.send("pp/v1/robot/req", {"id": "q1", "message": "hello", "session_id": "s"})
    device.send("pp/v1/robot/req", {"id": "q2", "message": "hello", "session_id": "s", "token": canary})
    device.send("maze/user_input", b"hello")
    device.send("pp/v1/robot/req", b"{broken")
    device.assert_silence()
    device.send("pp/v1/robot/req", {"id": "q3", "op": "chat", "token": key, "messages": _one("hi")})
    assert device.frame()["text"] == "You said: hi"
    assert len(threaded_model.requests) == 1
    assert "c4nary" not in mqtt_portal.log()
    assert key not in mqtt_portal.log()


def test_what_cannot_be_answered_says_why(key: str, device: Device) -> None:
    secret = [("authorization", f"Bearer {key}")]
    device.send("pp/v1/robot/req", b"{broken", UserProperty=secret)
    assert device.frame()["error"]["code"] == "validation_error"
    device.send("pp/v1/robot/req", {"id": "q1", "session_id": "s"}, UserProperty=secret)
    assert "message" in device.frame()["error"]["message"]
    device.send("pp/v1/robot/req", b"[" * 300_000, UserProperty=secret)
    assert "larger" in device.frame()["error"]["message"]
    device.send("pp/v1/robot/req", {"id": "large", "token": key, "message": "x" * 300_000})
    refused = device.next()
    assert refused.topic == "pp/v1/robot/res/large"
    assert "larger" in orjson.loads(refused.payload)["error"]["message"]
    body = b'{"id": "big", "session_id": "s", "message": "hi", "max_tokens": 123456789012345678901234567890}'
    device.send("pp/v1/robot/req", body, UserProperty=secret)
    refused = device.next()
    assert refused.topic == "pp/v1/robot/res/big"
    assert "64 bits" in orjson.loads(refused.payload)["error"]["message"]
    device.send(
        "pp/v1/robot/req",
        {"id": "q2", "session_id": "s", "message": "hi"},
        UserProperty=secret,
        ResponseTopic="pp/v1/other/res/q2",
    )
    refused = device.next()
    assert refused.topic == "pp/v1/robot/res/q2"
    assert orjson.loads(refused.payload)["error"]["code"] == "response_topic_refused"


@pytest.mark.parametrize(("name", "word"), [("authorization", ""), ("Authorization", "bearer ")])
def test_a_key_comes_as_a_user_property_however_it_is_written(
    key: str, device: Device, name: str, word: str
) -> None:
    device.send("pp/v1/robot/req", {"id": "p1", "messages": _one("hi")}, UserProperty=[(name, word + key)])
    assert device.frame()["text"] == "You said: hi"


def test_correlation_data_comes_back_and_retained_requests_are_ignored(key: str, device: Device) -> None:
    ask = {"token": key, "session_id": "s", "message": "hi"}
    device.send("pp/v1/robot/req", ask, CorrelationData=b"\x01\x02", ResponseTopic="pp/v1/robot/res/here")
    answer = device.next()
    assert answer.topic == "pp/v1/robot/res/here"
    assert getattr(answer.properties, "CorrelationData", None) == b"\x01\x02"
    for end in (b"1", b"2"):
        long = b"a binary name " * 1_000 + end
        device.send("pp/v1/robot/req", {**ask, "message": f"by {end!r}"}, CorrelationData=long)
        answer = device.next()
        assert getattr(answer.properties, "CorrelationData", None) == long
        assert orjson.loads(answer.payload)["text"] == f"You said: by {end!r}"


def test_another_persons_key_does_not_reach_a_session(place: Games, key: str, device: Device) -> None:
    device.send("pp/v1/robot/req", {"id": "q1", "token": key, "session_id": "mine", "message": "secret"})
    device.frames()
    eve = place.key()
    device.send("pp/v1/robot/req", {"id": "q1", "token": eve, "op": "history", "session_id": "mine"})
    assert device.frame()["error"]["code"] == "session_not_found"
    device.send("pp/v1/robot/req", {"id": "q2", "token": eve, "op": "clear", "session_id": "mine"})
    assert device.frame()["cleared"] is False


def test_a_flood_meets_the_keys_limit_while_others_are_served(place: Games, key: str, device: Device) -> None:
    limited = place.key(requests_per_minute=2)
    for number in range(4):
        body = {"id": f"f{number}", "token": limited, "op": "chat", "messages": _one("x")}
        device.send("pp/v1/robot/req", body)
    kinds = sorted(device.frames()[-1]["type"] for _ in range(4))
    assert kinds == ["error", "error", "final", "final"]
    device.send("pp/v1/robot/req", {"id": "ok", "token": key, "op": "chat", "messages": _one("y")})
    assert device.frame()["text"] == "You said: y"


def test_a_burst_beyond_the_bridges_lanes_is_answered_whole(key: str, device: Device) -> None:
    wanted = {f"b{number}" for number in range(_BURST)}
    for rid in wanted:
        ask = {"id": rid, "token": key, "op": "history", "session_id": "none"}
        device.send("pp/v1/robot/req", ask, is_awaited=False)
    assert {device.frame()["id"] for _ in wanted} == wanted


@pytest.mark.parametrize("has_session", [True, False])
def test_a_cancel_ends_the_answer_with_what_came(
    key: str, device: Device, threaded_model: FakeUpstream, has_session: bool
) -> None:
    threaded_model.queue(Reply(text="one two three", stall_after=2))
    question = {"session_id": "s", "message": "go"} if has_session else {"messages": _one("go")}
    device.send("pp/v1/robot/req", {"id": "q1", "token": key, "stream": True, **question})
    assert device.frame()["type"] == "delta"
    device.send("pp/v1/robot/cancel/q1", {"token": key})
    final = device.frames()[-1]
    assert (final["type"], final["finish_reason"]) == ("final", "cancelled")
    assert final["text"].startswith("one")


def test_a_cancel_right_after_its_request_stops_it(
    key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    threaded_model.respond = lambda _: Reply(text="one two three", stall_after=2)
    for number in range(5):
        ask = {"id": f"n{number}", "token": key, "session_id": f"n{number}", "message": "go"}
        device.send("pp/v1/robot/req", ask, is_awaited=False)
        device.send(f"pp/v1/robot/cancel/n{number}", {"token": key}, is_awaited=False)
        assert device.frame(5)["finish_reason"] == "cancelled"


def test_a_messages_expiry_is_its_deadline(key: str, device: Device, threaded_model: FakeUpstream) -> None:
    threaded_model.queue(Reply(stall_before_first=True))
    ask = {"id": "q1", "token": key, "session_id": "s", "message": "hurry"}
    device.send("pp/v1/robot/req", ask, MessageExpiryInterval=1)
    assert device.frame()["error"]["code"] == "deadline_exceeded"


def test_a_games_topics_work_with_raw_replies(key: str, device: Device, threaded_model: FakeUpstream) -> None:
    ask = {"token": key, "sessionId": "s1", "message": "hi", "temperature": 0, "maxTokens": 7}
    device.send("prompt_portal/user_input", ask)
    answer = device.next()
    assert (answer.topic, answer.payload) == ("prompt_portal/assistant_response/s1", b"You said: hi")
    sent = threaded_model.requests[-1].body
    assert (sent["temperature"], sent["max_tokens"]) == (0, 7)
    device.send("driving/user_input", {**ask, "clientId": "c", "requestId": "r"})
    assert device.next().topic == "driving/assistant_response/s1/c/r"
    device.send("driving/user_input", {**ask, "replyTopic": "somebody/else"})
    refused = device.next()
    assert refused.topic == "driving/assistant_response/s1"
    assert refused.payload.startswith(b"Error: replyTopic")
    device.send("maze/state", {"token": key, "sessionId": "s1", "visible_map": [[0] * 20_000]})
    too_large = device.next()
    assert too_large.topic == "maze/hint/s1"
    assert too_large.payload.startswith(b"Error: The state is longer")
    device.send("driving/user_input", {**ask, "maxTokens": "many"})
    wrong = device.next()
    assert (wrong.topic, wrong.payload) == (
        "driving/assistant_response/s1",
        b"Error: maxTokens: this value cannot be used.",
    )
    device.send("driving/user_input", {**ask, "sessionId": "a/b"})
    assert device.next().topic == "driving/assistant_response/error"
    device.send("driving/user_input", {**ask, "message": ""})
    assert device.next().payload.startswith(b"Error: message: write a message")


def test_players_of_one_project_count_their_requests_each_for_itself(
    key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    ask = {"token": key, "sessionId": "p1", "clientId": "ada", "requestId": 1, "message": "I am Ada."}
    device.send("racing/user_input", ask)
    assert device.next().payload == b"You said: I am Ada."
    device.send("racing/user_input", {**ask, "sessionId": "p2", "clientId": "bob", "message": "I am Bob."})
    answer = device.next()
    assert (answer.topic, answer.payload) == ("racing/assistant_response/p2/bob/1", b"You said: I am Bob.")
    device.send("racing/user_input", {**ask, "message": "My game was started again."})
    assert device.next().payload == b"You said: My game was started again."
    device.send("racing/user_input", ask)
    assert device.next().payload == b"You said: I am Ada."
    assert len(threaded_model.requests) == 3


def test_a_game_changes_a_sessions_prompt(key: str, device: Device, threaded_model: FakeUpstream) -> None:
    def system_prompt() -> str:
        device.send("racing/user_input", {"token": key, "sessionId": "s1", "message": "hi"})
        assert device.next().payload == b"You said: hi"
        return str(threaded_model.requests[-1].body["messages"][0]["content"])

    assert "race engineer" in system_prompt()
    device.send("racing/template/s1", {"token": key, "prompt_template": {"content": "Speak like a pirate."}})
    changed = device.next()
    assert (changed.topic, changed.payload) == ("racing/assistant_response/s1", b"OK")
    assert system_prompt() == "Speak like a pirate."
    device.send("racing/clear_history/s1", {"token": key})
    assert device.next().payload == b"OK"
    assert "race engineer" in system_prompt()
    assert len(threaded_model.requests[-1].body["messages"]) == 2
    device.send("racing/template", {"token": key, "sessionId": "s1"})
    assert device.next().payload == b"Error: content: write the prompt."


def test_states_are_coalesced_and_hints_are_checked(
    key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    def hint(recorded: Recorded) -> Reply:
        tick = orjson.loads(recorded.body["messages"][-1]["content"])["tick"]
        return Reply(text=f'{{"hint": "tick {tick}", "break_wall": [1, 2]}}', first_delay_seconds=0.5)

    threaded_model.respond = hint
    for tick in range(20):
        device.send("maze/state", {"token": key, "sessionId": "s1", "tick": tick, "player_pos": [0, 0]})
    ticks = []
    while not ticks or ticks[-1] != 19:
        answer = device.next()
        assert answer.topic == "maze/hint/s1"
        said = orjson.loads(answer.payload)
        assert said["break_wall"] == [1, 2]
        ticks.append(int(said["hint"].removeprefix("tick ")))
    assert ticks == sorted(ticks)
    assert len(ticks) < 8
    threaded_model.respond = None
    threaded_model.queue(Reply(text='{"launch_missiles": true}'))
    device.send("maze/state", {"token": key, "sessionId": "s1", "tick": 20})
    assert orjson.loads(device.next().payload) == {"hint": '{"launch_missiles": true}'}


def test_text_is_gone_on_with_as_it_is(key: str, device: Device, threaded_model: FakeUpstream) -> None:
    device.send("pp/v1/robot/req", {"id": "q1", "token": key, "prompt": "Once upon", "stream": True})
    frames = device.frames()
    assert frames[-1]["text"] == "".join(frame["text"] for frame in frames[:-1]) == " and so on"
    assert threaded_model.requests[-1].body["prompt"] == "Once upon"
    device.send("pp/v1/robot/req", {"id": "q2", "token": key, "op": "completion"})
    assert "prompt" in device.frame()["error"]["message"]


def test_an_unknown_priority_is_refused_and_a_known_one_taken(key: str, device: Device) -> None:
    ask = {"token": key, "messages": _one("hi")}
    device.send("pp/v1/robot/req", {**ask, "id": "q1"}, UserProperty=[("priority", "first")])
    assert "player, chat, batch" in device.frame()["error"]["message"]
    device.send("pp/v1/robot/req", {**ask, "id": "q1"}, UserProperty=[("priority", "batch")])
    assert device.frame()["text"] == "You said: hi"


def test_all_sessions_are_cleared_by_an_administrator_only(
    place: Games, key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    for session in ("s1", "s2"):
        device.send("bloodcell/user_input", {"token": key, "sessionId": session, "message": "hi"})
        device.next()
    device.send("bloodcell/clear_history", {"token": key})
    assert device.next().payload.startswith(b"Error: ")
    with place.portal.client(place.portal.admin()) as client:
        wish = {"name": "admin", "scopes": ["chat", "admin"]}
        admin_key = client.post("/api/keys", json=wish).raise_for_status().json()["key"]
    device.send("bloodcell/clear_history", {"token": admin_key})
    assert device.next().payload == b"OK: 2 cleared"
    device.send("bloodcell/user_input", {"token": key, "sessionId": "s1", "message": "again"})
    device.next()
    assert len(threaded_model.requests[-1].body["messages"]) == 2


def _one(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]
