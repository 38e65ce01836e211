"""Bridges over a real Mosquitto that are killed, or work side by side: nothing lost, nothing answered twice."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fakes.upstream import Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device, wait_for

pytestmark = pytest.mark.live

_REQUESTS = 60


@pytest.fixture
def place(tmp_path: Path, _sqlite_template: Path) -> Iterator[Games]:
    with games(tmp_path, _sqlite_template) as made:
        made.add_portal()
        yield made


@pytest.fixture
def device(place: Games) -> Iterator[Device]:
    assert place.broker is not None
    with Device(place.broker.port, "pp/v1/robot/res/#") as made:
        yield made


def test_a_request_under_way_when_its_bridge_is_killed_is_answered_by_the_next(
    place: Games, device: Device
) -> None:
    place.model.queue(Reply(stall_before_first=True))
    ask = {"id": "q1", "token": place.key(), "session_id": "s", "message": "still there?"}
    device.send("pp/v1/robot/req", ask)
    wait_for(lambda: len(place.model.requests) == 1)
    place.portal.kill()
    place.portal.start()
    final = device.frame(seconds=60)
    assert (final["type"], final["text"]) == ("final", "You said: still there?")
    with pytest.raises(queue.Empty):
        device.next(seconds=1)


def test_two_bridges_share_the_requests_and_one_may_die(place: Games, device: Device) -> None:
    other = place.add_portal()
    key = place.key()
    for number in range(_REQUESTS):
        messages = [{"role": "user", "content": f"number {number}"}]
        device.send("pp/v1/robot/req", {"id": f"q{number}", "token": key, "messages": messages})
        if number == _REQUESTS // 2:
            other.kill()
    other.start()  # its messages wait in the broker for it alone
    answers = {}
    while len(answers) < _REQUESTS:
        frame = orjson.loads(device.next(seconds=60).payload)
        assert frame["type"] == "final"
        assert answers.setdefault(frame["id"], frame["text"]) == frame["text"]
    assert answers == {f"q{number}": f"You said: number {number}" for number in range(_REQUESTS)}
    asked = Counter(request.body["messages"][-1]["content"] for request in place.model.requests)
    assert sum(asked.values()) <= _REQUESTS + 8  # at most what ran in the bridge that died is asked again


def test_a_game_is_told_by_a_bridge_that_was_started_after_it_spoke(place: Games) -> None:
    assert place.broker is not None
    key, topics = place.key(), ("pp/v1/robot/res/#", "maze/assistant_response/#")
    with Device(place.broker.port, *topics) as device:
        device.send("pp/v1/robot/req", {"id": "q1", "token": key, "session_id": "s", "message": "Hello."})
        device.frame()
        device.send("maze/user_input", {"token": key, "sessionId": "m", "message": "Hello."})
        device.next()
        place.portal.restart()
        place.wait_connected(place.portal)
        with place.portal.client(key) as client:
            for session in ("s", "m"):
                body = {"session_id": session, "message": f"Typed into {session}."}
                client.post("/api/llm/chat/session", json=body).raise_for_status()
        told = {message.topic: message.payload for message in (device.next(), device.next())}
    assert orjson.loads(told["pp/v1/robot/res/session"])["text"] == "You said: Typed into s."
    assert told["maze/assistant_response/m"] == b"You said: Typed into m."
