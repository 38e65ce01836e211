"""What a caller sends along stays here: neither the model server nor a log sees a key; and a slow database stops no known key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.db.session import DatabaseUnavailableError
from tests.api.chat_portal import ChatPortal
from tests.fakes.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
ASK: dict[str, Any] = {"model": "fake-model", "messages": [{"role": "user", "content": "Hello!"}]}
CANARY = "canary-5f2c9a"


async def _key(client: httpx.AsyncClient) -> str:
    return str((await client.post("/api/keys", json={"name": "sdk"})).json()["key"])


async def test_a_callers_headers_reach_neither_the_model_nor_a_log(
    ada: httpx.AsyncClient, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = await _key(ada)
    headers = {
        "authorization": f"Bearer {key}",
        "cookie": f"a={CANARY}",
        "x-api-key": CANARY,
        "x-secret": CANARY,
    }
    upstream.queue(Reply(), Reply(status=500), Reply(cut_after=2))
    for more in ({}, {}, {"stream": True}):
        await ada.post("/v1/chat/completions", json={**ASK, **more}, headers=headers)
    await ada.post("/v1/chat/completions", json=ASK, headers={**headers, "authorization": f"Bearer {key}x"})
    assert len(upstream.requests) == 3
    sent = " ".join(
        f"{name}: {value}" for request in upstream.requests for name, value in request.headers.items()
    )
    for secret in (CANARY, key, key[3:20]):
        assert secret not in sent
        assert secret not in caplog.text
    ours = "Authorization"
    assert ours not in sent


async def test_a_known_key_is_answered_while_the_database_is_slow_or_away(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, key, strange = chat_portal.runtime.database, await _key(ada), "pp_" + 43 * "b"

    async def ask(secret: str) -> int:
        headers = {"authorization": f"Bearer {secret}"}
        return (await ada.post("/v1/chat/completions", json=ASK, headers=headers)).status_code

    assert await ask(key) == 200
    await asyncio.sleep(1.05)  # it would be read again now

    is_away = True

    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        if await asyncio.sleep(1.0, is_away):
            raise DatabaseUnavailableError
        yield

    monkeypatch.setattr(database, "reading", slow)
    async with asyncio.timeout(0.9):
        assert await ask(key) == 200
    assert await ask(strange) == 503
