"""Bridges over a real Mosquitto that are killed, or work side by side: nothing lost, nothing answered twice."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fakes.upstream import Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device, wait_for

pytestmark = pytest.mark.live

_REQUESTS, _AT_ONCE = 200, 8
_PATIENCE_SECONDS = 2


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


def test_nothing_is_lost_or_answered_anew_while_a_bridge_and_the_broker_are_killed(place: Games) -> None:
    assert place.broker is not None
    other, key = place.add_portal(), place.key()
    wanted = {f"q{number}": f"You said: number {number}" for number in range(_REQUESTS)}
    answers: dict[str, str] = {}

    def ask(number: int) -> None:
        messages = [{"role": "user", "content": f"number {number}"}]
        body = {"id": f"q{number}", "token": key, "messages": messages}
        device.send("pp/v1/robot/req", body, is_awaited=False)

    def hear(count: int) -> None:
        """Take answers; what has none after a while is asked for again, as a killed broker may forget it."""
        while count:
            try:
                frame = device.frame(seconds=_PATIENCE_SECONDS)
            except queue.Empty:
                for number in range(_REQUESTS):
                    if f"q{number}" not in answers:
                        ask(number)
                continue
            assert frame["type"] == "final"
            count -= frame["id"] not in answers
            assert answers.setdefault(frame["id"], frame["text"]) == frame["text"]

    with Device(place.broker.port, "pp/v1/robot/res/#", client_id="robot", session_seconds=3600) as device:
        for number in range(_REQUESTS):
            ask(number)
            if number == _REQUESTS // 3:
                other.kill()
            if number == 2 * _REQUESTS // 3:
                place.broker.kill()
                place.broker.start()
        other.start()  # its messages wait in the broker for it alone
        hear(_REQUESTS)
        assert answers == wanted
        computed = len(place.model.requests)
        assert computed <= _REQUESTS + _AT_ONCE  # what ran in the bridge that died is asked again
        again = range(0, _REQUESTS, 10)
        for number in again:
            del answers[f"q{number}"]
            ask(number)
        hear(len(again))
        assert answers == wanted
        assert len(place.model.requests) == computed


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
