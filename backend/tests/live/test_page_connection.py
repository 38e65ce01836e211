"""A page at the portal's own broker: connected through the portal's address, for an hour, in its user's name."""

from __future__ import annotations

import queue
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.games import Games
from tests.fixtures.mosquitto import Device

pytestmark = pytest.mark.live

_REFUSED = 0x80


@pytest.fixture
def page(place: Games) -> dict[str, Any]:
    return _open(place, place.sign_in())


def _open(place: Games, token: str) -> dict[str, Any]:
    with place.portal.client(token) as client:
        answer = client.post("/api/mqtt/connection")
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    return dict(answer.json())


def _connect(place: Games, page: dict[str, Any], *topics: str) -> Device:
    return Device(
        place.portal.port,
        *(topics or (page["topics"]["response"] + "#",)),
        username=page["username"],
        password=page["password"],
        websocket_path=page["url"],
    )


def test_a_page_asks_through_the_portals_address(
    place: Games, page: dict[str, Any], model: FakeUpstream
) -> None:
    with _connect(place, page) as browser:
        ask = {"id": "q1", "session_id": "s", "message": "hi", "stream": True}
        browser.send(page["topics"]["request"], ask)
        frames = browser.frames()
    assert frames[-1]["text"] == "You said: hi"
    assert {frame["type"] for frame in frames[:-1]} == {"delta"}
    assert page["password"] not in place.portal.log()


def test_a_large_message_comes_through_the_portals_address_both_ways(
    place: Games, page: dict[str, Any]
) -> None:
    topic = page["topics"]["status"]
    with _connect(place, page, topic) as browser:
        browser.send(topic, b"x" * 900_000)
        assert len(browser.next().payload) == 900_000


def test_its_conversation_is_the_persons_own(place: Games, model: FakeUpstream) -> None:
    token = place.sign_in()
    page = _open(place, token)
    with _connect(place, page) as browser:
        browser.send(page["topics"]["request"], {"id": "q1", "session_id": "game-1", "message": "hi"})
        browser.frames()
    with place.portal.client(token) as client:
        history = client.get("/api/llm/chat/session/game-1/history").raise_for_status().json()
    assert [message["content"] for message in history["messages"]] == ["hi", "You said: hi"]


def test_a_project_answers_a_page_under_its_own_topics(
    place: Games, page: dict[str, Any], model: FakeUpstream
) -> None:
    maze, response = page["topics"]["projects"]["maze"], page["topics"]["response"]
    with _connect(place, page) as browser:
        state = {"token": page["password"], "sessionId": "m1", "tick": 1, "replyTopic": f"{response}hint"}
        model.queue(Reply(text='{"hint": "left", "break_wall": [1, 2]}'))
        browser.send(maze["state"], state)
        hint = browser.next()
        assert (hint.topic, orjson.loads(hint.payload)["break_wall"]) == (f"{response}hint", [1, 2])
        browser.send(maze["user_input"], {**state, "message": "hi", "replyTopic": f"{response}said"})
        assert browser.next().payload == b"You said: hi"
        other = _open(place, place.sign_in())["topics"]["response"]
        asked = len(model.requests)
        browser.send(maze["user_input"], {**state, "message": "hi", "replyTopic": f"{other}said"})
        with pytest.raises(queue.Empty):
            browser.next(seconds=0.5)
        assert len(model.requests) == asked


def test_a_page_keeps_to_its_own_topics(place: Games, page: dict[str, Any]) -> None:
    other = _open(place, place.sign_in())
    foreign = [
        "#",
        "$share/x/#",
        other["topics"]["response"] + "#",
        "maze/hint/#",
        "maze/assistant_response/#",
    ]
    with _connect(place, page, *foreign) as browser:
        assert min(browser.codes) >= _REFUSED
        assert len(browser.codes) == len(foreign)


def test_no_other_site_and_no_other_protocol_gets_through(place: Games) -> None:
    url = f"ws://127.0.0.1:{place.portal.port}/mqtt"
    with pytest.raises(InvalidStatus):
        connect(url, origin="https://evil.example", subprotocols=["mqtt"])  # type: ignore[list-item, arg-type]
    with pytest.raises(InvalidStatus):
        connect(url)
    with connect(url, subprotocols=["mqtt"]) as browser:  # type: ignore[list-item]
        browser.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(Exception, match="1008"):
            browser.recv(timeout=5)
