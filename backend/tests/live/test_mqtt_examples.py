"""The examples over MQTT and the bridge without a page, as a person would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device, Mosquitto, wait_for
from tests.fixtures.programs import find_program, free_port

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    with games(tmp_path_factory.mktemp("examples"), _sqlite_template, has_broker=False) as made:
        made.add_portal(MQTT_LISTEN_PORT=str(free_port()))
        yield made


@pytest.fixture(scope="module")
def environment(place: Games) -> dict[str, str]:
    """What the examples read: a device of a new person, and where the broker is."""
    with place.portal.client(place.sign_in()) as client:
        made = client.post("/api/devices", json={"name": "Example"}).raise_for_status().json()
        port = client.get("/api/mqtt").json()["port"]
    named = {"CLIENT": made["client"], "SECRET": made["secret"], "PORT": str(port)}
    return {"PATH": os.environ["PATH"], **named}


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_example_streams_an_answer(environment: dict[str, str]) -> None:
    said = _run([sys.executable, str(ROOT / "examples" / "mqtt_robot.py"), "Which", "way?"], environment)
    text, end = said.splitlines()
    assert text == "You said: Which way?"
    assert end.startswith("(stop, ")


def test_the_shell_example_prints_the_answer(environment: dict[str, str]) -> None:
    find_program("mosquitto_rr", "mosquitto-clients", "/usr/bin")
    said = _run([str(ROOT / "examples" / "mqtt_ask.sh"), 'say "hi"'], environment)
    assert json.loads(said)["text"] == 'You said: say "hi"'


def test_the_bridge_runs_alone_beside_a_model_server(place: Games, tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    command = [
        *(sys.executable, str(ROOT / "backend" / "llamacpp_mqtt_deploy.py")),
        *("--projects", "maze", "prompt_portal", "--server_url", place.model.url),
        *("--mqtt_host", "127.0.0.1", "--mqtt_port", str(broker.port)),
    ]
    data = tmp_path / "data"
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_ENV_FILE": "",
        "PORTAL_DATA_DIR": str(data),
        "PYTHONUNBUFFERED": "1",
    }
    log = tmp_path / "log"
    with log.open("wb") as file:
        bridge = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: ": connected" in log.read_text(), seconds=60)
        with Device(broker.port, "prompt_portal/assistant_response/#") as game:
            game.send("prompt_portal/user_input", {"sessionId": "s1", "message": "no key at all"})
            assert game.next().payload == b"You said: no key at all"
        bridge.terminate()
        assert bridge.wait(20) == 0
    finally:
        bridge.kill()
        bridge.wait()
        broker.kill()
