"""What a hostile or broken device can do at the portal's own broker: nothing to others, and nothing to the portal."""

from __future__ import annotations

import queue
import socket
from typing import Any

import orjson
import pytest

from tests.fakes.upstream import FakeUpstream
from tests.fixtures.games import Games
from tests.fixtures.mosquitto import Device

pytestmark = pytest.mark.live

_REFUSED = 0x80


@pytest.fixture(scope="module")
def token(place: Games) -> str:
    return place.sign_in()


@pytest.fixture(scope="module")
def port(place: Games, token: str) -> int:
    with place.portal.client(token) as client:
        return int(client.get("/api/mqtt").raise_for_status().json()["port"])


@pytest.fixture(scope="module")
def mallory(place: Games, token: str) -> dict[str, Any]:
    return _make(place, token, projects=["maze"])


@pytest.fixture(scope="module")
def victim(place: Games) -> dict[str, Any]:
    return _make(place, place.sign_in(), projects=["maze"])


def _make(place: Games, token: str, **wish: Any) -> dict[str, Any]:
    with place.portal.client(token) as client:
        return dict(client.post("/api/devices", json={"name": "d", **wish}).raise_for_status().json())


def _connect(port: int, made: dict[str, Any], *topics: str) -> Device:
    own = topics or (f"pp/v1/{made['client']}/res/#",)
    return Device(port, *own, username=made["client"], password=made["secret"])


def _chat(text: str, number: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "messages": [{"role": "user", "content": text}], **more}


def _is_served(device: Device, made: dict[str, Any], number: str) -> bool:
    device.send(f"pp/v1/{made['client']}/req", _chat("hi", number))
    return bool(device.frames()[-1].get("text") == "You said: hi")


def test_no_subscription_outside_its_own_topics(
    port: int, mallory: dict[str, Any], victim: dict[str, Any]
) -> None:
    other = victim["client"]
    foreign = ("#", "+/#", "pp/v1/#", "pp/v1/+/res/#", f"pp/v1/{other}/res/#", "$share/portal/pp/v1/+/req")
    foreign += (f"$share/x/pp/v1/{other}/res/#", "$share/x/#", "$SYS/#", "$CONTROL/#", "racing/hint/#")
    with _connect(port, mallory, *foreign) as device:
        assert len(device.codes) == len(foreign)
        assert min(device.codes) >= _REFUSED


def test_no_publish_outside_its_own_topics(
    place: Games, port: int, mallory: dict[str, Any], victim: dict[str, Any], model: FakeUpstream
) -> None:
    other = victim["client"]
    with _connect(port, victim) as listening, _connect(port, mallory) as device:
        device.send(f"pp/v1/{other}/req", _chat("in another's name", "q1"))
        device.send(f"pp/v1/{other}/res/q1", {"id": "q1", "seq": 1, "type": "final", "text": "a lie"})
        device.send(f"pp/v1/{other}/cancel/q1", {})
        device.send("pp/v1/bridge/prompt-portal-000000000000/status", b"offline", retain=True)
        device.send("$CONTROL/dynamic-security/v1", {"commands": [{"command": "listClients"}]})
        device.send("racing/user_input", {"token": mallory["secret"], "message": "no project of mine"})
        assert _is_served(device, mallory, "p1")
        with pytest.raises(queue.Empty):
            listening.next(seconds=0.3)
    assert [request.body["messages"][-1]["content"] for request in model.requests] == ["hi"]


def test_a_response_topic_under_anothers_prefix_is_refused(
    port: int, mallory: dict[str, Any], victim: dict[str, Any], model: FakeUpstream
) -> None:
    own, other = mallory["client"], victim["client"]
    wished = (
        f"pp/v1/{other}/res/q",
        "maze/status",
        f"pp/v1/{own}/res/",
    )
    with _connect(port, victim) as listening, _connect(port, mallory) as device:
        for number, topic in enumerate(wished):
            device.send(f"pp/v1/{own}/req", _chat("hi", f"r{number}"), ResponseTopic=topic)
            assert device.frame()["error"]["code"] == "response_topic_refused"
        body = {"token": mallory["secret"], "sessionId": "s", "message": "hi", "replyTopic": wished[0]}
        device.send("maze/user_input", body)
        with pytest.raises(queue.Empty):
            listening.next(seconds=0.3)
    assert model.requests == []


def test_a_retained_request_is_nobodys(
    place: Games, port: int, mallory: dict[str, Any], model: FakeUpstream
) -> None:
    topic = f"pp/v1/{mallory['client']}/req"
    with _connect(port, mallory) as device:
        device.send(topic, _chat("for ever", "k1"), retain=True)
        assert device.frame()["text"] == "You said: for ever"
    place.portal.restart()
    place.wait_connected(place.portal)
    with _connect(port, mallory) as device:
        assert _is_served(device, mallory, "k2")
        device.send(topic, b"", retain=True)
    assert [request.body["messages"][-1]["content"] for request in model.requests] == ["for ever", "hi"]


@pytest.mark.parametrize(
    "payload",
    [b"{", b"[]", b"null", b'{"id": 7}', b'{"messages": "x", "id": "j"}', b"\xff\xfe\x00", b"[" * 50_000],
    ids=["cut", "list", "null", "number", "text", "binary", "deep"],
)
def test_broken_json_is_answered_and_breaks_nothing(
    port: int, mallory: dict[str, Any], model: FakeUpstream, payload: bytes
) -> None:
    with _connect(port, mallory) as device:
        device.send(f"pp/v1/{mallory['client']}/req", payload)
        assert device.frame()["error"]["code"] == "validation_error"
    assert model.requests == []


def test_broken_properties_break_nothing(port: int, mallory: dict[str, Any], model: FakeUpstream) -> None:
    topic = f"pp/v1/{mallory['client']}/req"
    with _connect(port, mallory) as device:
        many = [(f"name{number}", "x" * 100) for number in range(300)]
        device.send(topic, _chat("a", "b1"), UserProperty=many, CorrelationData=b"\x00" * 60_000)
        assert device.frame()["text"] == "You said: a"
        device.send(
            topic, _chat("b", "b2"), UserProperty=[("authorization", "Bearer \u0100"), ("priority", "")]
        )
        with pytest.raises(queue.Empty):  # a wrong key is no key: no answer
            device.next(seconds=0.3)
        assert _is_served(device, mallory, "b3")


def test_a_huge_payload_is_refused(port: int, mallory: dict[str, Any], victim: dict[str, Any]) -> None:
    with _connect(port, victim) as other:
        with _connect(port, mallory) as device:
            device.send(f"pp/v1/{mallory['client']}/req", b"x" * 300_000)
            assert "larger" in device.frame()["error"]["message"]
            device.send(f"pp/v1/{mallory['client']}/req", b"x" * 2_000_000, is_awaited=False)
            assert device.left.get(timeout=10) >= _REFUSED  # the broker throws it out
        assert _is_served(other, victim, "h1")


def test_bytes_that_are_no_mqtt_end_their_own_connection_only(port: int, victim: dict[str, Any]) -> None:
    for nonsense in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\xff\xff",
        b"\x00" * 100,
        b"\x10\x0d\x00\x04MQTT\x05",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(nonsense)
    with _connect(port, victim) as device:
        assert _is_served(device, victim, "n1")


def test_a_flood_of_one_device_meets_its_limit_while_others_are_served(
    place: Games, token: str, port: int, victim: dict[str, Any], model: FakeUpstream
) -> None:
    flooding = _make(place, token, requests_per_minute=5)
    with _connect(port, flooding) as device, _connect(port, victim) as other:
        for number in range(200):
            device.send(f"pp/v1/{flooding['client']}/req", _chat("x", f"f{number}"), is_awaited=False)
        assert _is_served(other, victim, "f1")
        last = [device.frame() for _ in range(200)]
    assert sum(frame["type"] == "final" for frame in last) == 5
    codes = {frame["error"]["code"] for frame in last if frame["type"] == "error"}
    assert codes == {"rate_limited"}
    assert all(frame["error"]["retry_after"] > 0 for frame in last if frame["type"] == "error")


def test_a_token_in_the_payload_does_not_come_back_and_is_not_logged(
    place: Games, port: int, mallory: dict[str, Any], model: FakeUpstream
) -> None:
    secret = mallory["secret"]
    with _connect(port, mallory, f"pp/v1/{mallory['client']}/res/#", "maze/assistant_response/#") as device:
        said = []
        for body in (
            _chat("hi", "t1", token=secret),
            {"id": "t2", "token": secret},
            {"id": "t3", "op": "chat"},
        ):
            device.send(f"pp/v1/{mallory['client']}/req", {**body, "token": secret})
            said.append(device.next().payload)
        device.send("maze/user_input", {"token": secret, "sessionId": "s", "message": "hi"})
        said.append(device.next().payload)
        device.send("maze/user_input", {"token": secret, "sessionId": ["s"], "message": "hi"})
        said.append(device.next().payload)
    assert not [payload for payload in said if secret.encode() in payload]
    assert secret not in place.portal.log()
    assert secret not in orjson.dumps([request.body for request in model.requests]).decode()
    assert secret.encode() not in b"".join(path.read_bytes() for path in place.data_dir.glob("app.db*"))


def test_clear_all_without_an_administrators_token_clears_nothing(
    place: Games, port: int, token: str, mallory: dict[str, Any], victim: dict[str, Any], model: FakeUpstream
) -> None:
    with _connect(port, victim, "maze/assistant_response/#") as device:
        device.send("maze/user_input", {"token": victim["secret"], "sessionId": "mine", "message": "hi"})
        assert device.next().payload == b"You said: hi"
        with _connect(port, mallory, "maze/status") as other:
            for topic in ("maze/clear_history", "maze/delete_session"):
                other.send(topic, {"token": mallory["secret"]})
                assert device.next().payload.startswith(b"Error: ")
            other.send("maze/clear_history", b"")
            other.send("maze/delete_session/mine", {"token": mallory["secret"]})
            assert device.next().payload == b"OK"  # of a session of that name of its own
        device.send("maze/user_input", {"token": victim["secret"], "sessionId": "mine", "message": "again"})
        assert device.next().payload == b"You said: again"
    assert len(model.requests[-1].body["messages"]) == 4


def test_nobody_connects_without_an_account(port: int, mallory: dict[str, Any]) -> None:
    for username, password in (
        ("", ""),
        (mallory["client"], "wrong"),
    ):
        with pytest.raises(queue.Empty):
            device = Device(port, "maze/status", username=username, password=password)
            device.connect_only()
            device.subscribed(seconds=0.4)
        device.__exit__()
