"""What games hear of their sessions from other doors, and where: on their usual topics, or on those of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device
from tests.fixtures.portal import PortalProcess

pytestmark = pytest.mark.live

_TOPICS = ("pp/v1/robot/res/#", "+/assistant_response/#", "lab/cells/hint/#")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    with games(tmp_path_factory.mktemp("told"), _sqlite_template) as made:
        made.add_portal(MQTT_TOPIC_STATE="lab/cells/state", MQTT_TOPIC_HINT="lab/cells/hint/+")
        yield made


@pytest.fixture
def device(place: Games) -> Iterator[Device]:
    assert place.broker is not None
    with Device(place.broker.port, *_TOPICS) as made:
        yield made


def test_what_is_said_in_its_session_by_another_door_reaches_the_game(
    mqtt_portal: PortalProcess, key: str, device: Device
) -> None:
    device.send("pp/v1/robot/req", {"id": "t1", "token": key, "session_id": "shared", "message": "Hello."})
    device.frame()
    device.send("maze/user_input", {"token": key, "sessionId": "shared-maze", "message": "Hello."})
    assert device.next().payload == b"You said: Hello."
    with mqtt_portal.client(key) as client:
        for session in ("shared", "shared-maze", "nobody-plays"):
            body = {"session_id": session, "message": f"Typed into {session}."}
            client.post("/api/llm/chat/session", json=body).raise_for_status()
    told = [device.next(), device.next()]
    assert [message.topic for message in told] == [
        "pp/v1/robot/res/session",
        "maze/assistant_response/shared-maze",
    ]
    frame = orjson.loads(told[0].payload)
    assert {name: frame[name] for name in ("type", "session_id", "door", "message", "text")} == {
        "type": "message",
        "session_id": "shared",
        "door": "rest",
        "message": "Typed into shared.",
        "text": "You said: Typed into shared.",
    }
    assert "user_id" not in frame
    assert told[1].payload == b"You said: Typed into shared-maze."
    device.assert_silence()


def test_a_game_whose_key_was_revoked_is_told_nothing_more(
    place: Games, mqtt_portal: PortalProcess, device: Device
) -> None:
    with mqtt_portal.client(place.sign_in()) as client:
        made = client.post("/api/keys", json={"name": "a game"}).raise_for_status().json()
        ask = {"id": "v1", "token": made["key"], "session_id": "lent", "message": "Hello."}
        device.send("pp/v1/robot/req", ask)
        assert device.frame()["text"] == "You said: Hello."
        typed = {"session_id": "lent", "message": "Still there?"}
        client.post("/api/llm/chat/session", json=typed).raise_for_status()
        assert device.frame()["text"] == "You said: Still there?"
        client.delete(f"/api/keys/{made['id']}").raise_for_status()
        client.post("/api/llm/chat/session", json=typed).raise_for_status()
        device.assert_silence()


def test_a_state_and_its_hint_have_topics_of_their_own_choice(
    mqtt_portal: PortalProcess, key: str, device: Device
) -> None:
    device.send("lab/cells/state", {"token": key, "sessionId": "s1", "player_pos": [1, 1]})
    assert device.next().topic == "lab/cells/hint/s1"
    with mqtt_portal.client(key) as client:
        typed = {"session_id": "s1", "message": "Typed."}
        client.post("/api/llm/chat/session", json=typed).raise_for_status()
    told = device.next()
    assert (told.topic, orjson.loads(told.payload)) == ("lab/cells/hint/s1", {"hint": "You said: Typed."})
