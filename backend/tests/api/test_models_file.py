"""models.yaml in a running portal: other servers' models in chats, failover between them, edits without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from app.config import Settings
from app.models import catalog as catalog_module
from tests.api.chat_portal import ChatPortal, read_stream, serve_portal
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

FILE = """\
providers:
  first: {{kind: openai, base_url: "{first}"}}
  second: {{kind: vllm, base_url: "{second}"}}
models:
  team-model:
    capabilities: [chat, code]
    context_window: 4096
    targets:
      - {{provider: first, model: big-name}}
      - {{provider: second, model: other-name, priority: 1}}
"""


@pytest.fixture
def database_kind() -> str:
    """Nothing here is stored but chats: one kind of database is enough."""
    return "sqlite"


@pytest.fixture
async def first() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(kind="openai", model="big-name") as server:
        yield server


@pytest.fixture
async def second() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(kind="vllm", model="other-name") as server:
        yield server


@pytest.fixture
def models_file(tmp_path: Path, first: FakeUpstream, second: FakeUpstream) -> Path:
    path = tmp_path / "models.yaml"
    path.write_text(FILE.format(first=first.url, second=second.url), encoding="utf-8")
    return path


@pytest.fixture
async def chat_portal(
    settings: Settings, upstream: FakeUpstream, models_file: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ChatPortal]:
    monkeypatch.setattr(catalog_module, "_CHECK_SECONDS", 0.02)
    values = {"llm_server_url": upstream.url, "llm_model_name": "", "models_file": str(models_file)}
    async with serve_portal(settings.model_copy(update=values), upstream) as running:
        yield running


async def ask(client: httpx.AsyncClient, model: str) -> httpx.Response:
    return await client.post(
        "/api/llm/chat",
        json={"messages": [{"role": "user", "content": "hi"}], "model": model, "max_tokens": 9},
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the file is looked at now and then
            await asyncio.sleep(0.01)


async def test_its_models_are_listed_and_answer_by_their_own_names(
    ada: httpx.AsyncClient, first: FakeUpstream
) -> None:
    rows = {row["id"]: row for row in (await ada.get("/api/models")).json()["items"]}
    assert set(rows) == {"fake-model", "team-model"}
    assert (rows["team-model"]["capabilities"], rows["team-model"]["context_window"]) == (
        ["chat", "code"],
        4096,
    )
    assert rows["fake-model"]["is_default"] and not rows["team-model"]["is_default"]
    answer = await ask(ada, "team-model")
    assert (answer.status_code, answer.json()["model"]) == (200, "team-model")
    sent = first.requests[0].body
    assert (sent["model"], sent["max_completion_tokens"], "max_tokens" in sent) == ("big-name", 9, False)


async def test_the_next_server_answers_when_the_first_fails_before_its_first_word(
    ada: httpx.AsyncClient, first: FakeUpstream, second: FakeUpstream
) -> None:
    for reply in (Reply(status=500), Reply(status=429), Reply(status=401), Reply(close_before_bytes=True)):
        first.queue(reply, reply)
        assert (await ask(ada, "team-model")).status_code == 200
    first.queue(Reply(cut_after=0))
    stream = await read_stream(
        ada,
        "POST",
        "/api/llm/chat/session/stream",
        json={"session_id": "s", "message": "hi", "model": "team-model"},
    )
    assert stream.last["done"] and stream.text == "You said: hi"
    assert len(second.requests) == 5
    assert {request.body["model"] for request in second.requests} == {"other-name"}


async def test_what_was_said_is_never_said_again_by_another(
    ada: httpx.AsyncClient, first: FakeUpstream, second: FakeUpstream
) -> None:
    first.queue(Reply(chunks=["One ", "two ", "three"], cut_after=2, chunk_delay_seconds=0.05))
    stream = await read_stream(
        ada,
        "POST",
        "/api/llm/chat/session/stream",
        json={"session_id": "s", "message": "go", "model": "team-model"},
    )
    assert stream.text and "One two ".startswith(stream.text)
    assert stream.last["error"]["code"] == "stream_interrupted"
    assert second.requests == []


async def test_a_wrong_request_is_not_tried_elsewhere(
    ada: httpx.AsyncClient, first: FakeUpstream, second: FakeUpstream
) -> None:
    first.default = Reply(status=400)
    assert (await ask(ada, "team-model")).status_code == 400
    assert second.requests == []


async def test_a_server_that_keeps_failing_is_left_alone(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, first: FakeUpstream, second: FakeUpstream
) -> None:
    first.respond = lambda request: Reply(status=500)
    for _ in range(8):
        assert (await ask(ada, "team-model")).status_code == 200
    assert (len(first.requests), len(second.requests)) == (5, 8)
    pooled = chat_portal.runtime.catalog.pool.get("first")
    assert pooled is not None and pooled.guards["big-name"].breaker.state == "open"


async def test_an_edit_takes_effect_and_a_broken_one_does_not(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, models_file: Path, second: FakeUpstream
) -> None:
    catalog = chat_portal.runtime.catalog
    text = models_file.read_text(encoding="utf-8")  # noqa: ASYNC240
    models_file.write_text(text.replace("team-model:", "team-model: oops:"), encoding="utf-8")  # noqa: ASYNC240
    await until(lambda: bool(catalog.mistakes))
    assert catalog.mistakes[0].line == 5
    assert (await ask(ada, "team-model")).status_code == 200
    kept = catalog.pool.get("second")
    models_file.write_text(  # noqa: ASYNC240
        text.replace("provider: first, model: big-name", "provider: second, model: other-name").replace(
            "team-model", "renamed"
        ),
        encoding="utf-8",
    )
    await until(lambda: not catalog.mistakes)
    assert (await ask(ada, "renamed")).json()["model"] == "renamed"
    assert len(second.requests) == 1
    assert catalog.pool.get("second") is kept  # an unchanged server keeps its connections and its breaker
    gone = await ask(ada, "team-model")
    assert gone.status_code == 404 and "renamed" in gone.text


async def test_the_portal_is_degraded_not_unavailable_while_another_server_answers(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    await upstream.stop()
    async with asyncio.timeout(10):
        while (health := (await ada.get("/api/llm/health")).json())["status"] == "healthy":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert health["status"] == "degraded"
    assert (await ask(ada, "team-model")).status_code == 200


async def test_v1_knows_the_names_and_fails_over(
    ada: httpx.AsyncClient, first: FakeUpstream, second: FakeUpstream
) -> None:
    key = (await ada.post("/api/keys", json={"name": "sdk"})).json()["key"]
    async with AsyncOpenAI(base_url=f"{ada.base_url}/v1", api_key=key, max_retries=0, timeout=20) as sdk:
        assert {model.id async for model in sdk.models.list()} == {"fake-model", "team-model"}
        messages: Any = [{"role": "user", "content": "hi"}]
        first.queue(Reply(status=500), Reply(close_before_bytes=True), Reply(close_before_bytes=True))
        whole = await sdk.chat.completions.create(model="team-model", messages=messages)
        stream = await sdk.chat.completions.create(model="team-model", messages=messages, stream=True)
        chunks = [chunk async for chunk in stream]
        assert len(second.requests) == 2
        assert whole.choices[0].message.content == "You said: hi"
        assert (
            "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            == "You said: hi"
        )
        assert {whole.model, *(chunk.model for chunk in chunks)} == {"team-model"}
        first.queue(Reply(status=400))
        with pytest.raises(openai.BadRequestError):
            await sdk.chat.completions.create(model="team-model", messages=messages)
        assert len(second.requests) == 2
        first.queue(Reply(chunks=["One ", "two "], cut_after=2, chunk_delay_seconds=0.05))
        with pytest.raises(openai.APIError):
            async for _ in await sdk.chat.completions.create(
                model="team-model", messages=messages, stream=True
            ):
                pass
        assert len(second.requests) == 2  # nothing is said again by another
