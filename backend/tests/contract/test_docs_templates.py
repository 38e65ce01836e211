"""The commands of docs/templates.md run as written, but for the address, and do what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from app.config import PROJECT_ROOT
from tests.fakes.upstream import FakeUpstream
from tests.fixtures.portal import PortalProcess

GUIDE = (PROJECT_ROOT / "docs" / "templates.md").read_text(encoding="utf-8")


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def test_its_commands_do_what_it_says(
    upstream_url: str, threaded_model: FakeUpstream, portal: PortalProcess
) -> None:
    assert upstream_url == threaded_model.url
    (commands,) = re.findall(r"^```bash\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    script = commands.replace("http://localhost:8000", portal.base_url)
    script = re.sub(r"^curl ", "curl -sS --fail-with-body -w '\\\\n' ", script, flags=re.MULTILINE)
    done = subprocess.run(
        ["bash", "-euc", script],
        env={**os.environ, "TOKEN": portal.register()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made, tried, answered, changed, old = map(json.loads, done.stdout.strip().splitlines())
    assert (made["id"], made["version"]) == (1, 1)
    assert tried == {"text": "You guide Ada through a maze. Be kind, and brief.", "version": 1}
    assert answered["response"] == "You said: Which way?"
    prompt = threaded_model.requests[-1].body["messages"][0]
    assert prompt == {"role": "system", "content": tried["text"]}
    assert (changed["version"], changed["is_public"]) == (2, True)
    assert (old["version"], old["content"]) == (1, made["content"])
