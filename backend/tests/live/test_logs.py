"""What a running portal writes into its log: no prompt, key or token unless it is told to, and never a key or token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.portal import PASSWORD, PortalProcess

pytestmark = pytest.mark.live

PROMPT, ANSWER = "canary-of-a-prompt", "canary-of-an-answer"
MODEL_KEY, HEADER = "sk-canary0123456789abcdefghij", "canary-of-a-header"


@pytest.fixture(params=["false", "true"])
def portal(
    request: pytest.FixtureRequest, threaded_model: FakeUpstream, tmp_path: Path
) -> Iterator[PortalProcess]:
    threaded_model.default = Reply(chunks=[ANSWER, " and more"])
    environment = {
        "LLM_SERVER_URL": request.getfixturevalue("upstream_url"),
        "LLM_API_KEY": MODEL_KEY,
        "LOG_CONTENT": request.param,
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "json",
        "LOG_FILE": "logs/portal.log",
        "MQTT_OWN_BROKER": "false",
    }
    started = PortalProcess(tmp_path, 1, environment)
    started.start()
    yield started
    started.stop()


def test_prompts_are_logged_only_if_that_is_switched_on_and_keys_never(
    portal: PortalProcess, tmp_path: Path
) -> None:
    token = portal.register()
    with portal.client(token) as ada:
        key = ada.post("/api/keys", json={"name": "sdk", "scopes": ["chat", "gateway"]}).json()["key"]
    with portal.client(key) as program:
        asked = f"{PROMPT} {key}"
        messages = {"messages": [{"role": "user", "content": asked}]}
        headers = {"x-api-key": HEADER, "cookie": f"a={HEADER}"}
        for is_stream in (False, True):
            body = {**messages, "stream": is_stream}
            assert program.post("/v1/chat/completions", json=body, headers=headers).status_code == 200
        assert program.post("/api/llm/chat", json=messages).status_code == 200
        said = program.post("/api/llm/chat/session", json={"session_id": "a-maze", "message": asked})
        program.post("/api/llm/chat/session", json={"session_id": [PROMPT], "message": 7})
        program.post("/api/auth/login", json={"email": "ada@example.org", "password": f"{PASSWORD}{HEADER}"})
    written = (tmp_path / "logs" / "portal.log").read_text(encoding="utf-8")
    secrets = (key, token, MODEL_KEY, HEADER, PASSWORD)
    for text in (written, portal.log().partition("Sign in")[0]):
        assert [secret for secret in secrets if secret in text] == []
    is_on = "LOG_CONTENT is on" in written
    assert is_on == (portal.environment["LOG_CONTENT"] == "true")
    assert (PROMPT in written, ANSWER in written) == (is_on, is_on)
    lines = [json.loads(line) for line in written.splitlines()]
    if is_on:
        contents = [line for line in lines if line["logger"] == "portal.content"]
        assert len(contents) == 8, "four asks, each with its answer"
        turn = [line for line in contents if line["request_id"] == said.headers["x-request-id"]]
        assert [line["session_id"] for line in turn] == ["a-maze", "a-maze"]
