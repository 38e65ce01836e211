"""The whole portal over the real llama.cpp and the demo model: a conversation, its counts, its cache, its stop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.config import DEMO_MODEL, Settings
from tests.api.chat_portal import ChatPortal, read_stream, say, serve_portal
from tests.fakes import files
from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.live


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is shown elsewhere."""
    return "sqlite"


@pytest.fixture
async def chat_portal(settings: Settings) -> AsyncIterator[ChatPortal]:
    assert DEMO_MODEL.exists()
    embedded = settings.model_copy(
        update={"llm_server_url": "", "llm_model_name": "", "llm_max_history_tokens": 600}
    )
    async with serve_portal(embedded, FakeUpstream(), ready_seconds=60) as running:
        yield running


@pytest.fixture
async def ada(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    async with chat_portal.client("ada@example.org") as client:
        yield client


async def test_a_conversation_keeps_its_prefix_in_the_cache_and_counts_exactly(
    ada: httpx.AsyncClient,
) -> None:
    health = (await ada.get("/api/llm/health")).json()
    assert (health["status"], health["is_demo"], health["source"]) == ("healthy", True, "embedded")
    ledgers = []
    for number in range(6):
        answer = await say(
            ada, "s", f"What is the capital of country number {number}?", max_tokens=40, temperature=0
        )
        assert answer["response"].strip()
        ledgers.append((await ada.get(f"/api/llm/turns/{answer['turn_id']}/ledger")).json())
    for ledger in ledgers[2:]:
        assert ledger["cached_tokens"] > 0.5 * ledger["prompt_tokens_reported"]
        assert abs(ledger["prompt_tokens_counted"] - ledger["prompt_tokens_reported"]) <= 2
    assert [ledger["messages_sent"] for ledger in ledgers] == [1, 3, 5, 7, 9, 11]


async def test_a_long_conversation_is_trimmed_and_says_so(ada: httpx.AsyncClient) -> None:
    seen_trim = False
    for number in range(25):
        answer = await say(
            ada, "long", f"Tell me about the portal and its keys, please, number {number}.", max_tokens=60
        )
        ledger = (await ada.get(f"/api/llm/turns/{answer['turn_id']}/ledger")).json()
        assert ledger["prompt_tokens_reported"] <= ledger["budget_tokens"] <= 600
        if ledger["trimmed"]:
            seen_trim = True
            assert ledger["messages_dropped"] and ledger["anchor_message_id"]
    assert seen_trim
    assert len((await ada.get("/api/sessions/long")).json()["messages"]) == 50


async def test_the_model_is_listed_with_the_context_of_one_request(ada: httpx.AsyncClient) -> None:
    (model,) = (await ada.get("/api/models")).json()["items"]
    assert (model["id"], model["is_default"], model["is_demo"]) == ("prompt-portal-demo", True, True)
    assert model["context_window"] >= 2048


async def test_a_real_stream_can_be_followed_again_byte_for_byte(ada: httpx.AsyncClient) -> None:
    body = {"session_id": "s", "message": "Hello!"}
    stream = await read_stream(ada, "POST", "/api/llm/chat/session/stream", json=body)
    turn_id = stream.events[0][1]["turn_id"]
    again = await read_stream(ada, "GET", f"/api/llm/turns/{turn_id}/events")
    assert again.raw == stream.raw and stream.text and stream.last["done"]


async def test_a_document_is_answered_about_and_stays_in_the_cache(ada: httpx.AsyncClient) -> None:
    """Text parts go through the model's own chat template, which knows only strings."""
    text = "The maze has three doors. The red door is locked. The way out is behind the green door.\n" * 3
    made = await ada.post("/api/attachments", params={"name": "maze.txt"}, content=text.encode())
    first = await say(ada, "s", "Which door?", attachments=[made.json()["id"]], max_tokens=20, temperature=0)
    assert first["response"].strip()
    assert first["usage"]["prompt_tokens"] > 60
    second = await say(ada, "s", "Thank you.", max_tokens=20, temperature=0)
    assert second["usage"]["cached_tokens"] >= first["usage"]["prompt_tokens"] - 2
    ledger = (await ada.get(f"/api/llm/turns/{second['turn_id']}/ledger")).json()
    assert abs(ledger["prompt_tokens_counted"] - ledger["prompt_tokens_reported"]) <= 2


async def test_the_demo_model_says_that_it_cannot_see(ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/api/models")).json()["items"][0]["capabilities"] == ["chat"]
    image = await ada.post("/api/attachments", params={"name": "map.png"}, content=files.png(3, 2))
    body = {"session_id": "s", "message": "What is this?", "attachments": [image.json()["id"]]}
    answer = await ada.post("/api/llm/chat/session", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "model_cannot_see")
