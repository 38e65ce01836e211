"""Budgets of whoever leaves the choice of the model to the portal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.config import Settings
from tests.api.chat_portal import serve_portal
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

FILE = """\
models:
  tooled:
    capabilities: [chat, tools]
    price: {input: 1000, output: 2000}
    targets: [{provider: local}]
"""
HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


async def test_who_names_no_model_reserves_what_the_chosen_one_costs(
    settings: Settings, tmp_path: Path, upstream: FakeUpstream
) -> None:
    models_file = tmp_path / "models.yaml"
    models_file.write_text(FILE, encoding="utf-8")
    upstream.default = Reply(text="one", first_delay_seconds=0.1)
    values = {"llm_server_url": upstream.url, "models_file": str(models_file)}
    async with (
        serve_portal(settings.model_copy(update=values), upstream) as portal,
        portal.client("ada@example.org") as ada,
    ):
        wish = {"name": "a game", "budget": {"day": 0.05}}
        key = (await ada.post("/api/keys", json=wish)).json()["key"]
        tools = [{"type": "function", "function": {"name": "look"}}]
        ask = {"model": "auto", "messages": HELLO, "max_tokens": 3, "tools": tools}
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=portal.base_url, headers=headers, timeout=20) as game:
            answers = await asyncio.gather(*(game.post("/v1/chat/completions", json=ask) for _ in range(20)))
            answered = [answer for answer in answers if answer.status_code == 200]
            assert {answer.headers["x-portal-route"] for answer in answered} == {"tooled; tools"}
            assert 1 <= len(answered) <= 4 and {answer.status_code for answer in answers} == {200, 429}
            [spent] = (await game.get("/api/usage/budgets")).json()["items"]
            assert 0 < spent["spent"] <= 0.05
            # without the tools the usual model answers, which costs nothing
            plain = {name: value for name, value in ask.items() if name != "tools"}
            assert (await game.post("/v1/chat/completions", json=plain)).status_code == 200
