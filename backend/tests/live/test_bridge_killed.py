"""Games and devices over a real Mosquitto, whose portal is killed."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.mosquitto import Device, Mosquitto, wait_for
from tests.fixtures.portal import PortalProcess

pytestmark = [pytest.mark.live, pytest.mark.parametrize("database_kind", ["sqlite"])]

ALL = ("pp/v1/robot/res/#", "+/assistant_response/#", "maze/hint/#")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    server = Mosquitto(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mqtt_portal(
    make_portal: Callable[..., PortalProcess], broker: Mosquitto, upstream_url: str
) -> PortalProcess:
    portal = make_portal(MQTT_BROKER_HOST="127.0.0.1", MQTT_BROKER_PORT=str(broker.port), LOG_LEVEL="DEBUG")
    wait_for(lambda: "connected" in portal.log())
    return portal


@pytest.fixture
def key(mqtt_portal: PortalProcess) -> str:
    return _key(mqtt_portal, "ada@example.org")


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[Device]:
    with Device(broker.port, *ALL) as made:
        yield made


def _key(portal: PortalProcess, email: str, **wish: object) -> str:
    with portal.client(portal.register(email)) as client:
        return str(client.post("/api/keys", json={"name": "a game", **wish}).json()["key"])


def _assert_silence(device: Device) -> None:
    with pytest.raises(queue.Empty):
        device.next(seconds=1)


def test_a_request_under_way_when_its_bridge_is_killed_is_answered_by_the_next(
    mqtt_portal: PortalProcess, key: str, device: Device, threaded_model: FakeUpstream
) -> None:
    threaded_model.queue(Reply(stall_before_first=True))
    device.send("pp/v1/robot/req", {"id": "q1", "token": key, "session_id": "s", "message": "still there?"})
    wait_for(lambda: len(threaded_model.requests) == 1)
    mqtt_portal.kill()
    mqtt_portal.start()
    final = device.frame(seconds=60)
    assert (final["type"], final["text"]) == ("final", "You said: still there?")
    _assert_silence(device)
