"""Limits of whoever leaves the choice of the model to the portal, or to a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.config import Settings
from tests.api.chat_portal import ChatPortal, serve_portal
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

FILE = """\
models:
  tooled:
    capabilities: [chat, tools]
    price: {input: 1000, output: 2000}
    targets: [{provider: local}]
  plain:
    targets: [{provider: local}]
"""
HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def chat_overrides(tmp_path: Path) -> dict[str, object]:
    models_file = tmp_path / "models.yaml"
    models_file.write_text(FILE, encoding="utf-8")
    return {"models_file": str(models_file)}


@asynccontextmanager
async def game_of(
    portal: ChatPortal, ada: httpx.AsyncClient, **wish: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client with a new key of Ada's."""
    made = await ada.post("/api/keys", json={"name": "a game", **wish})
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    async with httpx.AsyncClient(base_url=portal.base_url, headers=headers, timeout=20) as game:
        yield game


async def test_who_names_no_model_reserves_what_the_chosen_one_costs(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="one", first_delay_seconds=0.1)
    tools = [{"type": "function", "function": {"name": "look"}}]
    ask = {"model": "auto", "messages": HELLO, "max_tokens": 3, "tools": tools}
    async with game_of(chat_portal, ada, budget={"day": 0.05}) as game:
        answers = await asyncio.gather(*(game.post("/v1/chat/completions", json=ask) for _ in range(20)))
        answered = [answer for answer in answers if answer.status_code == 200]
        assert {answer.headers["x-portal-route"] for answer in answered} == {"tooled; tools"}
        assert 1 <= len(answered) <= 4 and {answer.status_code for answer in answers} == {200, 429}
        [spent] = (await game.get("/api/usage/budgets")).json()["items"]
        assert 0 < spent["spent"] <= 0.05
        # without the tools the usual model answers, which costs nothing
        plain = {name: value for name, value in ask.items() if name != "tools"}
        assert (await game.post("/v1/chat/completions", json=plain)).status_code == 200


async def test_a_conversation_reserves_what_its_own_model_costs(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="one", first_delay_seconds=0.1)
    names = [f"s{number}" for number in range(12)]
    for name in names:
        assert (await ada.post("/api/sessions", json={"id": name, "model": "tooled"})).status_code == 201
    async with game_of(chat_portal, ada, budget={"day": 0.05}) as game:
        asks = [{"session_id": name, "message": "Hello!", "max_tokens": 3} for name in names]
        answers = await asyncio.gather(*(game.post("/api/llm/chat/session", json=ask) for ask in asks))
        statuses = [answer.status_code for answer in answers]
        assert 1 <= statuses.count(200) <= 6 and statuses.count(429) == 12 - statuses.count(200)
        [spent] = (await game.get("/api/usage/budgets")).json()["items"]
        assert 0 < spent["spent"] <= 0.05


async def test_what_goes_before_a_question_is_reserved_too_and_images_by_what_is_read(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    long = {"session_id": "s", "message": "Hello!", "max_tokens": 3, "system_prompt": "word " * 600}
    async with game_of(chat_portal, ada, tokens_per_minute=900) as game:
        refused = await game.post("/api/llm/chat/session", json=long)
        assert refused.status_code == 429 and "may need 1016 tokens" in refused.json()["error"]["message"]
    async with game_of(chat_portal, ada, tokens_per_minute=2200) as game:
        for _ in range(2):  # the second one's prompt goes on from the first one's
            assert (await game.post("/api/llm/chat/session", json=long)).status_code == 200
    # an image is not reserved by the length of its data
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + 40_000 * "A"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]}]
    async with game_of(chat_portal, ada, tokens_per_minute=3000) as game:
        for path in ("/api/llm/chat", "/v1/chat/completions"):
            answer = await game.post(path, json={"messages": messages, "max_tokens": 3})
            assert answer.status_code == 200, answer.text


async def test_a_key_without_the_usual_model_gets_one_that_it_may_use(
    settings: Settings, chat_overrides: dict[str, object], upstream: FakeUpstream
) -> None:
    values = {"llm_server_url": upstream.url, "llm_model_name": "tooled", **chat_overrides}
    asks: dict[str, dict[str, Any]] = {
        "/api/llm/chat": {"messages": HELLO},
        "/api/llm/chat/session": {"session_id": "s", "message": "Hello!"},
        "/v1/chat/completions": {"messages": HELLO},
    }
    async with (
        serve_portal(settings.model_copy(update=values), upstream) as portal,
        portal.client("ada@example.org") as ada,
        game_of(portal, ada, allowed_models=["plain"], budget={"day": 0}) as game,
    ):
        for path, ask in asks.items():
            answer = await game.post(path, json=ask)
            assert (answer.status_code, answer.json().get("model")) == (200, "plain"), answer.text


async def test_auto_leaves_the_choice_to_the_portal_at_every_door(ada: httpx.AsyncClient) -> None:
    assert (await ada.post("/api/sessions", json={"id": "own", "model": "plain"})).status_code == 201
    for path, ask in (
        ("/api/llm/chat", {"messages": HELLO}),
        ("/api/llm/chat/session", {"session_id": "s", "message": "Hello!"}),
        ("/api/llm/chat/session", {"session_id": "own", "message": "Hello!"}),
    ):
        answer = await ada.post(path, json={**ask, "model": "auto"})
        assert (answer.status_code, answer.json()["model"]) == (200, "fake-model"), answer.text
