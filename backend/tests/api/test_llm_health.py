"""/api/llm/health and /api/models: what they say while the model answers, is away, and comes back."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from app.llm.errors import ProviderUnreachableError, UnknownModelError
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.types import Caller
from app.models.health import HealthMonitor
from app.models.targets import TargetTable, alias_of
from tests.api.chat_portal import ChatPortal
from tests.fakes.upstream import FakeUpstream

ANYBODY = Caller(1)


@pytest.fixture
def database_kind() -> str:
    """Nothing here is stored: one kind of database is enough."""
    return "sqlite"


async def test_health_is_open_and_reveals_no_address(chat_portal: ChatPortal, upstream: FakeUpstream) -> None:
    async with httpx.AsyncClient(base_url=chat_portal.base_url) as stranger:
        healthy = await stranger.get("/api/llm/health")
        assert healthy.status_code == 200
        assert set(healthy.json()) == {"status", "model", "is_demo", "source", "latency_ms", "message"}
        assert (healthy.json()["status"], healthy.json()["model"]) == ("healthy", "fake-model")
        await upstream.stop()
        async with asyncio.timeout(10):
            while (away := await stranger.get("/api/llm/health")).status_code == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (away.status_code, away.json()["status"]) == (503, "unavailable")
        for text in (healthy.text, away.text):
            assert "127.0.0.1" not in text and str(upstream.url.rsplit(":", 1)[1]) not in text


async def test_the_model_is_found_again_without_a_restart(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    port = int(upstream.url.rsplit(":", 1)[1])
    await upstream.stop()
    body = {"session_id": "s", "message": "anybody there?"}
    away = await ada.post("/api/llm/chat/session", json=body)
    assert (away.status_code, away.json()["error"]["code"]) == (503, "model_unavailable")
    assert int(away.headers["retry-after"]) >= 1
    await upstream.start(port)
    answer = await ada.post("/api/llm/chat/session", json=body)
    assert answer.status_code == 200
    assert await chat_portal.runtime.health.wait_available(5)


async def test_the_models_are_listed(ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/api/models")).json()["items"] == [
        {
            "id": "fake-model",
            "name": "fake-model",
            "is_default": True,
            "is_demo": False,
            "source": "configured",
            "context_window": 8192,
            "capabilities": ["chat"],
        }
    ]


async def test_a_server_that_accepts_and_never_answers_is_unavailable_within_seconds() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1024):
                pass
        finally:  # also when the test's loop ends before the client has been seen to go
            writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    provider = OpenAICompatibleProvider("configured", f"http://127.0.0.1:{port}")
    monitor = HealthMonitor(TargetTable(provider, "configured"))
    try:
        started = time.monotonic()
        answers = await asyncio.gather(*(monitor.current() for _ in range(5)))
        assert not any(answer.is_available for answer in answers)
        assert time.monotonic() - started < 5
    finally:
        await monitor.close()
        await provider.close()
        server.close()


async def test_one_probe_serves_all_who_ask_within_two_seconds(upstream: FakeUpstream) -> None:
    provider = OpenAICompatibleProvider("configured", upstream.url)
    table = TargetTable(provider, "configured")
    monitor = HealthMonitor(table)
    asked = 0
    check = provider.check_health

    async def counted() -> object:
        nonlocal asked
        asked += 1
        return await check()

    provider.check_health = counted  # type: ignore[method-assign, assignment]
    try:
        await asyncio.gather(*(monitor.current() for _ in range(20)))
        await monitor.current()
        assert asked == 1
        assert table.default is not None and table.default.alias == "fake-model"
    finally:
        await monitor.close()
        await provider.close()


def test_the_table_routes_names_and_says_the_nearest() -> None:
    provider = OpenAICompatibleProvider("configured")
    table = TargetTable(provider, "configured")
    with pytest.raises(ProviderUnreachableError):
        table.candidates(None, ANYBODY)
    table.offer([("/srv/models/qwen-3b.gguf", 4096), ("llama-8b", None)])
    (target,) = table.candidates(None, ANYBODY)
    assert (target.alias, target.model, target.context_window) == (
        "qwen-3b",
        "/srv/models/qwen-3b.gguf",
        4096,
    )
    assert table.candidates("llama-8b", ANYBODY)[0].model == "llama-8b"
    with pytest.raises(UnknownModelError) as refused:
        table.candidates("lama-8b", ANYBODY)
    assert refused.value.details == {"available": ["llama-8b"]}
    limited = Caller(1, key_id="k", allowed_models=("llama-8b",))
    assert table.candidates(None, limited)[0].alias == "llama-8b"
    with pytest.raises(UnknownModelError):
        table.candidates("qwen-3b", limited)


def test_a_configured_name_is_offered_also_when_the_server_does_not_list_it() -> None:
    table = TargetTable(
        OpenAICompatibleProvider("configured"), "configured", default_model="mine", context_tokens=512
    )
    assert table.candidates(None, ANYBODY)[0].model == "mine"
    table.offer([("something", 4096)])
    assert [model.alias for model in table.models] == ["mine", "something"]
    assert table.candidates(None, ANYBODY)[0].context_window == 512


def test_a_path_is_never_shown_as_a_name() -> None:
    assert alias_of("C:\\models\\Qwen 3.GGUF") == "Qwen 3"
    assert alias_of("meta-llama/Llama-3.1-8B") == "meta-llama/Llama-3.1-8B"
