"""GATEWAY_ANONYMOUS_MODELS: programs on this machine need no key for the models that it names, and nobody else gets in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.config import load_settings
from tests.api.chat_portal import ChatPortal
from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
ASK: dict[str, Any] = {"model": "fake-model", "messages": [{"role": "user", "content": "Hello!"}]}


@pytest.fixture
def chat_overrides() -> dict[str, object]:
    return {"gateway_anonymous_models": ["fake-model"], "cors_origins": ["http://localhost:5173"]}


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer not-needed"}, {"origin": "http://localhost:5173"}]
)
async def test_a_program_on_this_machine_needs_no_key(
    chat_portal: ChatPortal, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=chat_portal.base_url, headers=headers) as client:
        answer = await client.post("/v1/chat/completions", json=ASK)
        listed = await client.get("/v1/models")
    assert answer.status_code == 200, answer.text
    assert [model["id"] for model in listed.json()["data"]] == ["fake-model"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example.org"},
        {"origin": "https://evil.example.org"},
        {"x-forwarded-for": "203.0.113.7"},  # nginx on this machine, somebody elsewhere
        {"authorization": "Bearer pp_" + 43 * "a"},
        {"authorization": "Bearer aaa.bbb.ccc"},
    ],
)
async def test_nobody_else_gets_in(
    chat_portal: ChatPortal, upstream: FakeUpstream, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=chat_portal.base_url, headers=headers) as client:
        for answer in (await client.post("/v1/chat/completions", json=ASK), await client.get("/v1/models")):
            assert answer.status_code == 401, answer.text
    assert upstream.requests == []


async def test_what_belongs_to_somebody_is_closed(chat_portal: ChatPortal) -> None:
    async with httpx.AsyncClient(base_url=chat_portal.base_url) as client:
        for more in ({"session_id": "mine"}, {"template_id": 32 * "a"}):
            answer = await client.post("/v1/chat/completions", json={**ASK, **more})
            assert answer.status_code == 401, answer.text
        other = await client.post("/v1/chat/completions", json={**ASK, "model": "other"})
        page = await client.get("/api/sessions")
    assert other.status_code == 404 and page.status_code == 401
    assert "fake-model" in other.json()["error"]["message"]


def test_it_is_refused_where_others_can_reach_the_portal(database_kind: str) -> None:
    with pytest.raises(ValueError, match="GATEWAY_ANONYMOUS_MODELS"):
        load_settings(portal_host="0.0.0.0", secret_key="s" * 48, gateway_anonymous_models="a,b")
    assert load_settings(gateway_anonymous_models=" a, b").gateway_anonymous_models == ["a", "b"]
