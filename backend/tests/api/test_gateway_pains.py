"""What users of other gateways suffer from, each by name: none of it happens here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.api.shared_portal import SharedPortal, shared_portal
from tests.fakes.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = [{"role": "user", "content": "Hello!"}]
FILE = """
providers:
  silent:
    kind: vllm
    base_url: http://127.0.0.1:{port}
    offer_all: true
models:
  both:
    targets:
      - provider: silent
      - provider: local
        priority: 1
  unheard:
    targets:
      - provider: silent
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path
) -> AsyncIterator[SharedPortal]:
    """A portal with one good server, and one that takes connections and never says a word."""
    folder = tmp_path_factory.mktemp("portal")
    async with AsyncExitStack() as stack:
        held: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
        stack.callback(lambda: [writer.close() for writer in held])
        stack.callback(silent.close)
        (folder / "models.yaml").write_text(FILE.format(port=silent.sockets[0].getsockname()[1]))
        upstream = await stack.enter_async_context(FakeUpstream())
        overrides: dict[str, Any] = {
            "models_file": str(folder / "models.yaml"),
            "llm_first_token_timeout": 0.5,
        }
        yield await stack.enter_async_context(shared_portal(folder, _sqlite_template, upstream, **overrides))


@pytest_asyncio.fixture(loop_scope="module")
async def ada(shared: SharedPortal) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {shared.ada_key}"}
    async with httpx.AsyncClient(base_url=shared.url, headers=headers, timeout=10) as client:
        yield client


async def test_one_dead_backend_hangs_nothing_else(ada: httpx.AsyncClient) -> None:
    """Open WebUI #11115, #11228."""
    async with asyncio.timeout(1):
        listed = (await ada.get("/v1/models")).json()["data"]
        assert {"both", "unheard", "fake-model"} <= {model["id"] for model in listed}
        assert (await ada.get("/api/models")).status_code == 200
        plain = await ada.post("/v1/chat/completions", json={"model": "fake-model", "messages": HELLO})
        assert plain.status_code == 200


async def test_a_dead_backend_is_passed_over_or_told_in_time(ada: httpx.AsyncClient) -> None:
    """Its first token may take half a second here; then the next target is asked, or the caller is told."""
    ask: dict[str, Any] = {"messages": HELLO, "stream": True}
    async with asyncio.timeout(10):
        passed = await ada.post("/v1/chat/completions", json={**ask, "model": "both"})
        assert passed.status_code == 200 and passed.text.endswith("data: [DONE]\n\n")
        refused = await ada.post("/v1/chat/completions", json={**ask, "model": "unheard"})
        assert refused.status_code in (503, 504) and refused.json()["error"]["message"]


async def test_reasoning_is_dropped_by_no_surface(shared: SharedPortal, ada: httpx.AsyncClient) -> None:
    """LiteLLM #20246, #26501, #29518."""
    asks: list[tuple[str, dict[str, Any]]] = [
        ("chat/completions", {"messages": HELLO}),
        ("messages", {"messages": HELLO, "max_tokens": 50}),
        ("responses", {"input": "Hello!"}),
    ]
    for path, body in asks:
        for is_stream in (False, True):
            shared.upstream.queue(Reply(text="42", reasoning="thoughtfully"))
            answer = await ada.post(f"/v1/{path}", json={"model": "fake-model", **body, "stream": is_stream})
            assert answer.status_code == 200 and "thoughtfully" in answer.text, (path, is_stream)


@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize("path", ["chat/completions", "messages", "responses"])
async def test_who_leaves_stops_the_work(
    shared: SharedPortal, ada: httpx.AsyncClient, path: str, is_stream: bool
) -> None:
    """LiteLLM #13774, #3341, #8754: the server sees it within a second, on every surface."""
    left = len(shared.upstream.aborted)
    slow = Reply(chunks=["One "] * 500, chunk_delay_seconds=0.02, first_delay_seconds=0 if is_stream else 5)
    shared.upstream.queue(slow)
    body = {"model": "fake-model", "messages": HELLO, "max_tokens": 5, "input": "Hello!", "stream": is_stream}
    asking = asyncio.create_task(ada.post(f"/v1/{path}", json=body))
    await shared.upstream.wait_until(lambda: shared.upstream.active == 1)
    await asyncio.sleep(0.05)
    asking.cancel()
    await shared.upstream.wait_until(lambda: len(shared.upstream.aborted) == left + 1, 1)


@pytest.mark.parametrize(
    "credential",
    [
        "pp_' OR '1'='1",
        "pp_\\'; DROP TABLE api_keys; --",
        "pp_" + "%" * 43,
        "pp_\x00",
        "' UNION SELECT 1 --",
        "pp_" + "a" * 9000,
    ],
)
async def test_sql_in_a_key_finds_nothing(shared: SharedPortal, credential: str) -> None:
    """LiteLLM CVE-2026-42208."""
    async with httpx.AsyncClient(base_url=shared.url, timeout=10) as client:
        for path in ("/v1/models", "/v1/responses/" + "0" * 32):
            try:
                answer = await client.get(path, headers={"authorization": f"Bearer {credential}"})
            except httpx.LocalProtocolError:
                continue  # no client sends this
            assert answer.status_code in (400, 401, 431)


async def test_no_header_gets_around_a_keys_limits(shared: SharedPortal) -> None:
    """Open WebUI CVE-2026-45339: `x-api-key` was read without the limits of `Authorization`.

    Here only Anthropic's routes read it, as the same credential; nothing else is read anywhere.
    """
    async with shared.portal.client("narrow@example.org") as person:
        made = await person.post("/api/keys", json={"name": "narrow", "requests_per_minute": 2})
        key = made.raise_for_status().json()["key"]
    body = {"model": "fake-model", "messages": HELLO, "max_tokens": 5}
    async with httpx.AsyncClient(base_url=shared.url, timeout=10) as client:
        for name in ("x-api-key", "api-key", "x-goog-api-key"):
            for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/models"):
                if (name, path) == ("x-api-key", "/v1/messages"):
                    continue
                answer = await client.post(path, json={**body, "input": "x"}, headers={name: key})
                assert answer.status_code in (401, 404), (name, path)
        either = [{"x-api-key": key}, {"authorization": f"Bearer {key}"}, {"x-api-key": key}]
        answers = [await client.post("/v1/messages", json=body, headers=headers) for headers in either]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        both = {"authorization": "Bearer pp_wrong", "x-api-key": shared.ada_key}
        assert (await client.post("/v1/messages", json=body, headers=both)).status_code == 401


async def test_tokens_that_begin_alike_are_told_apart(shared: SharedPortal) -> None:
    """LiteLLM CVE-2026-35030: a cache keyed by the beginning of a token."""
    async with httpx.AsyncClient(base_url=shared.url, timeout=10) as client:
        for credential, status in (
            (shared.ada_key, 200),
            (shared.ada_key[:-1] + ("a" if shared.ada_key[-1] != "a" else "b"), 401),
            (shared.ada_key[:20], 401),
            (shared.ada_key + "x", 401),
        ):
            answer = await client.get("/v1/models", headers={"authorization": f"Bearer {credential}"})
            assert answer.status_code == status


def _nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


async def test_a_malformed_request_ends_itself_alone(ada: httpx.AsyncClient) -> None:
    """LibreChat CVE-2026-31949: one malformed DELETE killed the process."""
    for method, path, content in (
        ("DELETE", "/v1/responses/%00", b""),
        ("DELETE", "/v1/responses/" + "x" * 90, b"{"),
        ("POST", "/v1/responses", b'{"input": [{"type": "message", "role": "user", "content": [null]}]}'),
        ("POST", "/v1/responses", b'{"input": [[]], "tools": [1], "text": 1}'),
        (
            "POST",
            "/v1/messages",
            b'{"messages": [{"role": "user", "content": [{"type": []}]}], "max_tokens": 1}',
        ),
        ("POST", "/v1/chat/completions", b"\xff\xfe"),
        ("POST", "/v1/chat/completions", b'{"messages": [{"role": "user", "content": %b}]}' % _nested(900)),
        (
            "POST",
            "/v1/chat/completions",
            b'{"messages": [{"role": "user", "content": "x"}], "metadata": %b}' % _nested(1000),
        ),
        ("POST", "/v1/responses", b'{"input": "x", "metadata": {"a": %b}}' % _nested(300)),
        ("POST", "/v1/responses", b'{"input": [{"role": [], "content": "x"}]}'),
        ("POST", "/v1/responses", b'{"input": [{"role": "user", "content": "x", "id": {}}]}'),
        (
            "POST",
            "/v1/messages",
            b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 1, "tool_choice": {"type": []}}',
        ),
    ):
        answer = await ada.request(method, path, content=content)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
    assert (await ada.get("/v1/models")).status_code == 200
