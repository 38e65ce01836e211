"""The sample models.yaml on a machine where none of its servers runs: its names reach the real llama.cpp, from both SDKs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI

from app.config import PROJECT_ROOT
from tests.fixtures.portal import PortalProcess
from tests.fixtures.programs import free_port

QUESTION: list[Any] = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def test_a_name_of_the_sample_is_answered_by_what_there_is(
    make_portal: Callable[..., PortalProcess], tmp_path: Path
) -> None:
    sample = (PROJECT_ROOT / "deploy" / "models.sample.yaml").read_text(encoding="utf-8")
    for port in ("11434", "8001", "8002"):
        sample = sample.replace(f":{port}\n", f":{free_port()}\n")
    file = tmp_path / "models.yaml"
    file.write_text(sample, encoding="utf-8")
    portal = make_portal(LLM_SERVER_URL="", MODELS_FILE=str(file))
    deadline = time.monotonic() + 30
    with portal.client(portal.register()) as page:
        while page.get("/api/llm/health").json()["status"] != "healthy":
            assert time.monotonic() < deadline, "the model did not come"
            time.sleep(0.1)
        key = page.post("/api/keys", json={"name": "sdk"}).json()["key"]
        answer = page.post(
            "/api/llm/chat", json={"messages": QUESTION, "model": "llama3.1:8b", "temperature": 0}
        ).json()
    assert answer["model"] == "llama3.1:8b" and answer["response"]
    with OpenAI(base_url=f"{portal.base_url}/v1", api_key=key, max_retries=0, timeout=60) as sdk:
        names = {"llama3.1:8b", "qwen-coder", "llama2-13b-vllm", "llama-cpp-python"}
        assert names < {model.id for model in sdk.models.list()}
        stream = sdk.chat.completions.create(
            model="llama3.1:8b", messages=QUESTION, temperature=0, max_tokens=200, stream=True
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    with (
        Anthropic(
            base_url=portal.base_url, auth_token=key, api_key=None, max_retries=0, timeout=60
        ) as claude,
        claude.messages.stream(
            model="llama3.1:8b", messages=QUESTION, extra_body={"temperature": 0}, max_tokens=200
        ) as events,
    ):
        message = events.get_final_message()
    assert text == answer["response"] == getattr(message.content[-1], "text", None)
    assert message.usage.output_tokens > 1 and message.model == "llama3.1:8b"
