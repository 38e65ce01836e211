"""The commands and examples of the README run as written, but for address and key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import PROJECT_ROOT
from tests.fixtures.mosquitto import wait_for
from tests.fixtures.portal import BACKEND, PortalProcess
from tests.fixtures.programs import free_port

README = (PROJECT_ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def embedded(make_portal: Callable[..., PortalProcess]) -> PortalProcess:
    return make_portal(LLM_SERVER_URL="")


def _block(language: str, containing: str) -> str:
    found = [text for kind, text in BLOCKS if kind == language and containing in text]
    assert len(found) == 1, f"the README has {len(found)} {language} blocks with {containing!r}"
    return str(found[0])


def _key(portal: PortalProcess) -> str:
    with portal.client(portal.register()) as client:
        return str(client.post("/api/keys", json={"name": "readme"}).raise_for_status().json()["key"])


def _run(command: list[str], environment: dict[str, str], cwd: Path = PROJECT_ROOT) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_curl_and_the_python_example_talk_in_one_session(embedded: PortalProcess) -> None:
    key = _key(embedded)
    curl = _block("bash", "curl").replace("http://localhost:8000", embedded.base_url).replace("pp_...", key)
    assert shutil.which("curl")
    answer = json.loads(_run(["bash", "-euc", curl.replace("curl ", "curl -sf ")], {}))
    assert answer["response"]
    assert answer["session_id"] == "readme"

    script = _block("python", "urllib").replace("http://localhost:8000", embedded.base_url)
    streamed = _run([sys.executable, "-c", script], {"PORTAL_KEY": key})
    assert streamed.strip()
    with embedded.client(key) as client:
        history = client.get("/api/llm/chat/session/readme/history").json()["messages"]
    assert [message["content"] for message in history][0::2] == [
        "What is the capital of France?",
        "And of Spain?",
    ]
    assert history[3]["content"] == streamed


def test_the_sdk_example_runs(embedded: PortalProcess) -> None:
    script = _block("python", "from openai").replace("http://localhost:8000", embedded.base_url)
    assert _run([sys.executable, "-c", script.replace("pp_...", _key(embedded))], {}).strip()


def test_the_mqtt_example_asks_as_a_device(make_portal: Callable[..., PortalProcess]) -> None:
    port = free_port()
    portal = make_portal(LLM_SERVER_URL="", MQTT_OWN_BROKER="true", MQTT_LISTEN_PORT=str(port))
    wait_for(lambda: ": connected" in portal.log(), seconds=40)
    with portal.client(portal.register()) as client:
        device = client.post("/api/devices", json={"name": "readme"}).raise_for_status().json()
    command = _block("bash", "mosquitto_rr").replace("-p 1883", f"-p {port}")
    answer = json.loads(
        _run(["bash", "-euc", command], {"CLIENT": device["client"], "SECRET": device["secret"]})
    )
    assert answer["type"] == "final"
    assert answer["session_id"] == "readme-game"
    assert answer["text"]


def test_the_in_process_example_runs_from_a_plain_script(data_dir: Path) -> None:
    script = _block("python", "get_session_manager")
    settings = {"PORTAL_ENV_FILE": "", "PORTAL_DATA_DIR": str(data_dir)}
    assert _run([sys.executable, "-W", "error", "-c", script], settings, BACKEND).strip()


def test_the_commands_it_names_exist() -> None:
    for command in re.findall(
        r"^(\./\S+)", "\n".join(text for kind, text in BLOCKS if kind == "bash"), re.MULTILINE
    ):
        assert os.access(PROJECT_ROOT / command, os.X_OK), command
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        if not link.startswith("http"):
            assert (PROJECT_ROOT / link).exists(), link
