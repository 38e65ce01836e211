"""The portal's own broker and its devices: a real Mosquitto that the portal starts, guards, and starts again."""

from __future__ import annotations

import queue
from typing import Any

import orjson
import psutil
import pytest

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.games import Games
from tests.fixtures.mosquitto import Device, wait_for
from tests.fixtures.portal import PASSWORD, PortalProcess
from tests.fixtures.programs import has_ended

pytestmark = pytest.mark.live

_REFUSED = 0x80  # the first of the reason codes that mean failure


@pytest.fixture
def token(place: Games) -> str:
    return place.sign_in()


def _port(place: Games, token: str) -> int:
    with place.portal.client(token) as client:
        answer = client.get("/api/mqtt").raise_for_status().json()
    assert (answer["status"], answer["is_own"]) == ("connected", True)
    return int(answer["port"])


def _make(place: Games, token: str, **wish: Any) -> dict[str, Any]:
    with place.portal.client(token) as client:
        answer = client.post("/api/devices", json={"name": "Maze robot!", **wish})
    return dict(answer.raise_for_status().json())


def _connect(place: Games, token: str, made: dict[str, Any], *topics: str) -> Device:
    own = topics or (f"pp/v1/{made['client']}/res/#",)
    return Device(_port(place, token), *own, username=made["client"], password=made["secret"])


def _chat(text: str, number: str = "q1") -> dict[str, Any]:
    return {"id": number, "messages": [{"role": "user", "content": text}]}


def test_a_device_asks_by_its_account_alone(place: Games, token: str, model: FakeUpstream) -> None:
    made = _make(place, token)
    assert made["client"].startswith("maze-robot-")
    with _connect(place, token, made) as device:
        device.send(f"pp/v1/{made['client']}/req", _chat("who am I?"))
        assert device.frame()["text"] == "You said: who am I?"
        device.send(f"pp/v1/{made['client']}/req", {"id": "q2", "op": "models"})
        assert [offered["id"] for offered in device.frame()["models"]] == ["fake-model"]
    assert made["secret"] not in place.portal.log()


def test_a_device_keeps_to_its_own_topics(place: Games, token: str, model: FakeUpstream) -> None:
    one, other = _make(place, token), _make(place, token, projects=["maze"])
    foreign = [
        "#",
        "pp/v1/#",
        f"pp/v1/{other['client']}/res/#",
        f"$share/x/pp/v1/{other['client']}/res/#",
        f"pp/v1/{other['client']}/req",
        "$SYS/#",
        "$CONTROL/#",
        "maze/assistant_response/#",
    ]
    with _connect(place, token, one, *foreign) as device:
        assert len(device.codes) == len(foreign)
        assert min(device.codes) >= _REFUSED
        device.send(f"pp/v1/{other['client']}/req", _chat("in another's name"))
        device.send("maze/user_input", {"token": one["secret"], "message": "no project of mine"})
        device.send("$CONTROL/dynamic-security/v1", {"commands": [{"command": "listClients"}]})
        with pytest.raises(queue.Empty):
            device.next(seconds=1)
    assert model.requests == []


def test_a_device_plays_in_its_projects(place: Games, token: str, model: FakeUpstream) -> None:
    made = _make(place, token, projects=["maze"])
    with _connect(place, token, made, "maze/assistant_response/#", "maze/status") as device:
        status = device.next()
        assert (status.topic, status.payload) == ("maze/status", b"online")
        device.send("maze/user_input", {"token": made["secret"], "sessionId": "s1", "message": "hi"})
        assert device.next().payload == b"You said: hi"
    with place.portal.client(token) as client:
        refused = client.post("/api/devices", json={"name": "x", "projects": ["chess"]})
        assert refused.json()["error"]["code"] == "unknown_project"


def test_devices_of_who_is_shut_off_are_out_at_once_and_come_back_with_their_secret(
    place: Games, token: str, model: FakeUpstream
) -> None:
    eve = place.portal.register("eve@example.org")
    made = _make(place, eve)
    with place.portal.client(eve) as client:
        person = client.get("/api/auth/me").json()["id"]
        page = client.post("/api/mqtt/connection").raise_for_status().json()
    port = _port(place, token)
    with (
        place.portal.client(place.portal.admin()) as admin,
        _connect(place, token, made) as device,
        Device(
            port, f"{page['topics']['response']}#", username=page["username"], password=page["password"]
        ) as tab,
    ):
        admin.patch(f"/api/admin/users/{person}", json={"is_active": False}).raise_for_status()
        assert device.left.get(timeout=10) >= _REFUSED
        assert tab.left.get(timeout=10) >= _REFUSED
        again = Device(port, "pp/v1/x", username=made["client"], password=made["secret"])
        again.connect_only()
        assert again.connected.get(timeout=10) is False
        again.__exit__()
        admin.patch(f"/api/admin/users/{person}", json={"is_active": True}).raise_for_status()
    with _connect(place, token, made) as device:
        device.send(f"pp/v1/{made['client']}/req", _chat("back"))
        assert device.frame()["text"] == "You said: back"
    with (
        place.portal.client(place.portal.sign_in("eve@example.org")) as client,
        _connect(place, token, made) as gone,
    ):
        body = {"password": PASSWORD}
        client.request("DELETE", "/api/auth/account", json=body).raise_for_status()
        assert gone.left.get(timeout=10) >= _REFUSED


def test_a_device_says_that_it_is_there_and_gets_other_topics_at_once(
    place: Games, token: str, model: FakeUpstream
) -> None:
    made = _make(place, token, projects=["maze"])
    status = f"pp/v1/{made['client']}/status"

    def state() -> str | None:
        with place.portal.client(token) as client:
            [device] = client.get("/api/devices").json()["items"]
        return None if device["presence"] is None else str(device["presence"]["state"])

    with _connect(place, token, made) as device:
        assert state() is None
        device.send(status, b"online", retain=True)
        wait_for(lambda: state() == "online")
        with place.portal.client(token) as client:
            change = {"projects": ["racing"]}
            client.patch(f"/api/devices/{made['id']}", json=change).raise_for_status()
        assert device.left.get(timeout=10) >= _REFUSED  # it loses a project: it comes back without
    with _connect(place, token, made, "racing/assistant_response/#", "maze/hint/#") as device:
        assert [code >= _REFUSED for code in device.codes] == [False, True]
        device.send("racing/user_input", {"token": made["secret"], "sessionId": "s2", "message": "hi"})
        assert device.next().payload == b"You said: hi"
        device.send(status, {"state": "offline"}, retain=True)
        wait_for(lambda: state() == "offline")


def test_a_device_that_is_deleted_is_thrown_out_at_once(place: Games, token: str) -> None:
    made = _make(place, token)
    with _connect(place, token, made) as device, place.portal.client(token) as client:
        client.delete(f"/api/devices/{made['id']}").raise_for_status()
        assert device.left.get(timeout=10) >= _REFUSED
        assert client.get("/api/devices").json()["items"] == []
        assert client.get("/api/keys").json()["items"] == []


def test_a_new_secret_ends_the_old_one(place: Games, token: str, model: FakeUpstream) -> None:
    made = _make(place, token, requests_per_minute=1)
    with _connect(place, token, made) as device, place.portal.client(token) as client:
        new = client.post(f"/api/devices/{made['id']}/secret").raise_for_status().json()
        assert device.left.get(timeout=10) >= _REFUSED
    with _connect(place, token, new) as device:
        device.send(f"pp/v1/{made['client']}/req", _chat("hi"))
        assert device.frame()["type"] == "final"
        device.send(f"pp/v1/{made['client']}/req", _chat("again", "q2"))
        assert device.frame()["error"]["code"] == "rate_limited"


def test_other_peoples_devices_are_not_there(place: Games, token: str) -> None:
    made = _make(place, token)
    with place.portal.client(place.sign_in()) as eve:
        assert eve.get("/api/devices").json()["items"] == []
        assert eve.delete(f"/api/devices/{made['id']}").status_code == 404
        assert eve.post(f"/api/devices/{made['id']}/secret").status_code == 404
    with place.portal.client(made["secret"]) as device:
        assert device.get("/api/devices").status_code == 403


def test_a_last_will_stops_what_its_client_asked(place: Games, token: str, model: FakeUpstream) -> None:
    made = _make(place, token)
    model.queue(Reply(text="one two three", stall_after=2))
    with _connect(place, token, made) as device:
        device.send(f"pp/v1/{made['client']}/req", {**_chat("go"), "stream": True})
        assert device.frame()["type"] == "delta"
        device.send(f"pp/v1/{made['client']}/status", {"state": "offline", "cancel": True}, retain=True)
        final = device.frames()[-1]
    assert (final["type"], final["finish_reason"]) == ("final", "cancelled")


def test_a_broker_that_is_killed_comes_back_with_its_devices(
    place: Games, token: str, model: FakeUpstream
) -> None:
    made = _make(place, token)
    losses = place.portal.log().count("connection lost")
    _broker_of(place.portal).kill()
    wait_for(lambda: place.portal.log().count("connection lost") > losses)
    wait_for(lambda: _is_back(place, token))
    with _connect(place, token, made) as device:
        device.send(f"pp/v1/{made['client']}/req", _chat("still there?"))
        assert orjson.loads(device.next().payload)["text"] == "You said: still there?"


def test_a_broker_whose_keeper_is_killed_leaves_nothing_behind(place: Games, token: str) -> None:
    port = _port(place, token)
    losses = place.portal.log().count("connection lost")
    old = _broker_of(place.portal)
    old.parent().kill()
    wait_for(lambda: place.portal.log().count("connection lost") > losses)
    wait_for(lambda: _is_back(place, token))
    assert has_ended(old)
    assert _port(place, token) == port


def test_the_broker_ends_with_a_portal_that_is_killed(place: Games) -> None:
    broker = _broker_of(place.portal)
    place.portal.kill()
    wait_for(lambda: has_ended(broker))
    place.portal.start()


def _broker_of(portal: PortalProcess) -> psutil.Process:
    found = [
        child for child in psutil.Process(portal.pid).children(recursive=True) if child.name() == "mosquitto"
    ]
    assert len(found) == 1
    return found[0]


def _is_back(place: Games, token: str) -> bool:
    with place.portal.client(token) as client:
        return bool(client.get("/api/mqtt").json()["status"] == "connected")
