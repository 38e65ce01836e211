"""amqtt where there is no Mosquitto: a real one that the portal starts, labels, and guards with its own accounts."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from tests.fakes.upstream import Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device, wait_for
from tests.fixtures.programs import free_port

pytestmark = pytest.mark.live

_WITHOUT_MOSQUITTO = """
import app.broker.program as program
program._SYSTEM_PROGRAMS = ()
from app.cli import main
raise SystemExit(main(["serve"]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    with games(tmp_path_factory.mktemp("fallback"), _sqlite_template, has_broker=False) as made:
        made.add_portal(
            program=_WITHOUT_MOSQUITTO,
            PATH="/usr/bin:/bin",
            MQTT_FALLBACK_BROKER="amqtt",
            MQTT_LISTEN_HOST="0.0.0.0",
            MQTT_LISTEN_PORT=str(free_port()),
        )
        yield made


@pytest.fixture
def token(place: Games) -> str:
    return place.sign_in()


def _mqtt(place: Games, token: str) -> dict[str, Any]:
    with place.portal.client(token) as client:
        return dict(client.get("/api/mqtt").raise_for_status().json())


def _make(place: Games, token: str, **wish: Any) -> dict[str, Any]:
    with place.portal.client(token) as client:
        return dict(client.post("/api/devices", json={"name": "Robot", **wish}).raise_for_status().json())


def _connect(place: Games, token: str, made: dict[str, Any], *topics: str, client_id: str = "") -> Device:
    own = topics or (f"pp/v1/{made['client']}/res/#",)
    return Device(
        _mqtt(place, token)["port"],
        *own,
        username=made["client"],
        password=made["secret"],
        protocol=MQTTProtocolVersion.MQTTv311,
        client_id=client_id,
    )


def _gets_in(port: int, name: str, secret: str, **options: Any) -> bool:
    device = Device(port, "x", username=name, password=secret, **options)
    device.connect_only()
    try:
        return device.connected.get(timeout=5)
    finally:
        device.__exit__()


def test_it_is_labelled_and_listens_on_this_machine_only(place: Games, token: str) -> None:
    said = _mqtt(place, token)
    assert (said["status"], said["is_own"], said["is_fallback"]) == ("connected", True, True)
    assert (said["host"], said["websocket_port"]) == ("127.0.0.1", None)
    assert "for development only" in said["message"]
    assert "amqtt takes its place, for development only" in place.portal.log()


def test_a_device_asks_streams_and_cancels(place: Games, token: str) -> None:
    made = _make(place, token)
    with _connect(place, token, made) as device:
        device.send(
            f"pp/v1/{made['client']}/req", {"id": "q1", "messages": [{"role": "user", "content": "hi"}]}
        )
        assert device.frame()["text"] == "You said: hi"
        place.model.queue(Reply(text="one two three", stall_after=2))
        body = {"id": "q2", "stream": True, "messages": [{"role": "user", "content": "go"}]}
        device.send(f"pp/v1/{made['client']}/req", body)
        while device.frame()["type"] != "delta":
            pass
        device.send(f"pp/v1/{made['client']}/cancel/q2", {})
        assert device.frames()[-1]["finish_reason"] == "cancelled"


def test_a_game_gets_raw_text_on_its_projects_topics_only_with_a_key(place: Games, token: str) -> None:
    made = _make(place, token, projects=["maze"])
    with _connect(place, token, made, "maze/assistant_response/#") as device:
        device.send("maze/user_input", {"sessionId": "s1", "message": "without a key"})
        device.send("maze/user_input", {"token": made["secret"], "sessionId": "s1", "message": "hi"})
        assert device.next().payload == b"You said: hi"


def test_nobody_gets_in_without_an_account_nor_with_another_protocol(place: Games, token: str) -> None:
    port, made = _mqtt(place, token)["port"], _make(place, token)
    for name, secret in (("", ""), (made["client"], "wrong"), ("prompt-portal", ""), ("nobody", "x")):
        assert not _gets_in(port, name, secret, protocol=MQTTProtocolVersion.MQTTv311)
    assert not _gets_in(port, made["client"], made["secret"])


def test_a_device_keeps_to_its_topics_and_hears_nothing_that_was_retained_for_others(
    place: Games, token: str
) -> None:
    one, other = _make(place, token), _make(place, token, projects=["maze"])
    with _connect(place, token, other, f"pp/v1/{other['client']}/status") as device:
        device.send(f"pp/v1/{other['client']}/status", {"state": "secret"}, retain=True)
        assert device.frame() == {"state": "secret"}
        foreign = ("#", "pp/v1/#", f"pp/v1/{other['client']}/status", "$share/x/pp/#", "pp/accounts")
        with _connect(place, token, one, *foreign, client_id=f"{one['client']}-1") as eve:
            assert eve.codes == [0x80] * len(foreign)
            eve.send("pp/accounts", {"commands": [{"command": "deleteClient", "username": other["client"]}]})
            eve.send("maze/user_input", {"token": one["secret"], "message": "no project of mine"})
        with _connect(place, token, one, client_id=f"{one['client']}-1") as eve, pytest.raises(queue.Empty):
            eve.next(seconds=0.5)
        assert device.left.empty()


def test_a_session_is_never_another_accounts(place: Games, token: str) -> None:
    one, eve = _make(place, token), _make(place, token)
    with _connect(place, token, one, client_id="the-same"):
        pass
    port = _mqtt(place, token)["port"]
    assert not _gets_in(
        port, eve["client"], eve["secret"], protocol=MQTTProtocolVersion.MQTTv311, client_id="the-same"
    )


def test_a_device_that_is_deleted_is_thrown_out_at_once(place: Games, token: str) -> None:
    made = _make(place, token)
    with _connect(place, token, made) as device, place.portal.client(token) as client:
        client.delete(f"/api/devices/{made['id']}").raise_for_status()
        assert device.left.get(timeout=10)
    port = _mqtt(place, token)["port"]
    assert not _gets_in(port, made["client"], made["secret"], protocol=MQTTProtocolVersion.MQTTv311)


def test_it_comes_back_after_it_was_killed_and_knows_its_devices(place: Games, token: str) -> None:
    made = _make(place, token)
    before = place.portal.log().count(": connected")
    family = psutil.Process(place.portal.pid).children(recursive=True)
    [broker] = [one for one in family if one.cmdline()[1:3] == ["-m", "app.broker.amqtt_gate"]]
    broker.kill()
    wait_for(lambda: place.portal.log().count(": connected") > before)
    with _connect(place, token, made) as device:
        device.send(f"pp/v1/{made['client']}/req", {"id": "q1", "op": "models"})
        assert device.frame()["type"] == "final"
