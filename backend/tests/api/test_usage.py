"""Usage and money over every door: what is written of a request, who sees it, and that no budget is ever passed."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from app.auth.runtime import create_auth_runtime
from app.chat.llm_schemas import ChatBody
from app.chat.manner import Manner
from app.config import Settings
from app.keys.errors import UnknownKeyError
from app.limits.errors import BudgetExceededError
from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal, read_stream, say, serve_portal, usage_rows
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

FILE = """\
models:
  dear:
    price: {input: 1000, output: 2000, cached: 100}
    targets: [{provider: local}]
  free:
    targets: [{provider: local}]
"""
HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def database_kind() -> str:
    """What depends on the kind of database has its own tests (test_usage_recorder)."""
    return "sqlite"


@pytest.fixture
def models_file(tmp_path: Path) -> Path:
    path = tmp_path / "models.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def chat_overrides(models_file: Path) -> dict[str, object]:
    return {"models_file": str(models_file), "portal_currency": "EUR"}


@pytest.fixture
async def admin(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    email = "root@example.org"
    password = await create_with_one_time_password(chat_portal.runtime.database, email, "admin")
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20) as client:
        login = await client.post("/api/auth/login", json={"email": email, "password": password})
        client.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        wish = {"current_password": password, "new_password": PASSWORD}
        changed = await client.post("/api/auth/change-password", json=wish)
        client.headers["authorization"] = f"Bearer {changed.json()['access_token']}"
        yield client


async def make_key(client: httpx.AsyncClient, **wish: Any) -> dict[str, Any]:
    made = await client.post("/api/keys", json={"name": "a game", **wish})
    assert made.status_code == 201, made.text
    return dict(made.json())


def sdk_of(portal: ChatPortal, key: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{portal.base_url}/v1", api_key=key, max_retries=0, timeout=20)


async def test_every_door_leaves_one_row_with_its_price(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="one two three")
    key = await make_key(ada)
    with_key = {"authorization": f"Bearer {key['key']}"}
    await say(ada, "s1", "Hello!", model="dear")
    body = {"messages": HELLO, "model": "dear"}
    assert (await ada.post("/api/llm/chat", json=body, headers=with_key)).status_code == 200
    async with sdk_of(chat_portal, key["key"]) as sdk:
        whole = await sdk.chat.completions.create(model="dear", messages=HELLO)
        stream = await sdk.chat.completions.create(model="dear", messages=HELLO, stream=True)
        assert [chunk.usage async for chunk in stream if chunk.usage] == []
        await sdk.chat.completions.create(model="dear", messages=HELLO, extra_body={"session_id": "s2"})
        with pytest.raises(openai.NotFoundError):
            await sdk.chat.completions.create(model="nobody's", messages=HELLO)
    rows = await usage_rows(chat_portal, 6)
    assert [(row.door, row.operation, row.status) for row in rows] == [
        ("page", "turn", "done"),
        ("rest", "chat", "done"),
        ("v1", "chat/completions", "done"),
        ("v1", "chat/completions", "done"),
        ("v1", "turn", "done"),
        ("v1", "chat/completions", "failed"),
    ]
    assert [row.key_id for row in rows] == [None] + [key["id"]] * 5
    assert (rows[5].error_code, rows[5].cost_nanos, rows[5].asked_model) == ("model_not_found", 0, "nobody's")
    assert whole.usage is not None
    for row in rows[:5]:
        assert (row.model, row.target, row.is_estimated) == ("dear", "configured", False)
        prompt = row.prompt_tokens - row.cached_tokens
        assert (
            row.cost_nanos == (prompt * 1000 + row.cached_tokens * 100 + row.completion_tokens * 2000) * 1000
        )
        assert row.total_ms is not None and row.total_ms > 0
    assert (rows[2].prompt_tokens, rows[2].completion_tokens) == (
        whole.usage.prompt_tokens,
        whole.usage.completion_tokens,
    )
    assert rows[3].cached_tokens > 0 and rows[3].ttft_ms is not None


async def test_a_stream_that_is_cut_is_counted_by_what_was_delivered(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text=" ".join(["word"] * 400), chunk_delay_seconds=0.01)
    key = await make_key(ada)
    async with sdk_of(chat_portal, key["key"]) as sdk:
        stream = await sdk.chat.completions.create(model="dear", messages=HELLO, stream=True)
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == 12:
                break
        await stream.close()
    body = {"messages": HELLO, "model": "dear"}
    await read_stream(ada, "POST", "/api/llm/chat/stream", json=body, until=8)
    passed, engine = await usage_rows(chat_portal, 2)
    for row in (passed, engine):
        assert (row.status, row.is_estimated) == ("cancelled", True)
        assert 5 <= row.completion_tokens < 200 and row.cost_nanos > 0


async def test_people_see_their_own_and_operators_see_all(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, eve: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    first, second = await make_key(ada, name="=1+1"), await make_key(ada, name="robot")
    for key, count in ((first, 2), (second, 1)):
        for _ in range(count):
            headers = {"authorization": f"Bearer {key['key']}"}
            await ada.post("/api/llm/chat", json={"messages": HELLO, "model": "dear"}, headers=headers)
    await say(ada, "s1", "Hello!")
    await say(eve, "s1", "Hello!")

    own = (await ada.get("/api/usage", params={"by": "key"})).json()
    assert (own["currency"], own["total"]["requests"]) == ("EUR", 4)
    assert {group["label"]: group["requests"] for group in own["groups"]} == {"": 1, "=1+1": 2, "robot": 1}
    assert (
        own["total"]["cost"] == pytest.approx(sum(group["cost"] for group in own["groups"]))
        and own["total"]["cost"] > 0
    )
    as_key = {"authorization": f"Bearer {second['key']}"}
    assert (await ada.get("/api/usage", headers=as_key)).json()["total"]["requests"] == 1
    assert (await eve.get("/api/usage", params={"by": "door"})).json()["groups"][0]["key"] == "page"
    assert (await eve.get("/api/admin/usage")).status_code == 403
    nothing = (await ada.get("/api/usage", params={"since": "2020-01-01", "until": "2020-02-01"})).json()
    assert (nothing["total"]["requests"], nothing["groups"]) == (0, [])
    assert (await ada.get("/api/usage", params={"until": "0001-01-02"})).status_code == 200
    assert (
        await ada.get("/api/usage", params={"since": "2026-02-01", "until": "2026-01-01"})
    ).status_code == 422

    people = (await admin.get("/api/admin/usage", params={"by": "user"})).json()
    assert {group["label"]: group["requests"] for group in people["groups"]} == {
        "ada@example.org": 4,
        "eve@example.org": 1,
    }
    of_key = (await admin.get("/api/admin/usage", params={"key_id": first["id"]})).json()
    assert of_key["total"]["requests"] == 2
    backwards = {"since": "2026-02-01", "until": "2026-01-01"}
    assert (await admin.get("/api/admin/usage/export", params=backwards)).status_code == 422
    file = await admin.get("/api/admin/usage/export")
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert {(line["user"], line["key"], line["door"], line["requests"]) for line in lines} == {
        ("ada@example.org", "", "page", "1"),
        ("ada@example.org", "'=1+1", "rest", "2"),  # no spreadsheet computes it
        ("ada@example.org", "robot", "rest", "1"),
        ("eve@example.org", "", "page", "1"),
    }
    stats = (await admin.get("/api/admin/stats", params={"by": "door"})).json()
    assert {row["key"]: row["turns"] for row in stats["groups"]} == {"page": 2, "rest": 3}
    assert (
        stats["total"]["cost"] == pytest.approx(own["total"]["cost"]) and stats["total"]["total_ms_p50"] > 0
    )


@pytest.mark.parametrize("is_shared", [False, True], ids=["memory", "redis"])
async def test_fifty_requests_at_once_against_a_budget_for_one(
    settings: Settings,
    models_file: Path,
    upstream: FakeUpstream,
    is_shared: bool,
    request: pytest.FixtureRequest,
) -> None:
    upstream.default = Reply(text="one", first_delay_seconds=0.1)
    redis_url = request.getfixturevalue("redis_url") if is_shared else ""
    values = {"llm_server_url": upstream.url, "models_file": str(models_file), "redis_url": redis_url}
    shared = settings.model_copy(update=values)
    async with serve_portal(shared, upstream) as portal, portal.client("ada@example.org") as ada:
        # 6 bytes are 2 tokens of prompt, and 3 may be answered: 2 × 0.001 + 3 × 0.002
        key = await make_key(ada, budget={"day": 0.014})
        ask = {"model": "dear", "messages": HELLO, "max_tokens": 3}
        headers = {"authorization": f"Bearer {key['key']}"}
        async with httpx.AsyncClient(base_url=portal.base_url, headers=headers, timeout=20) as game:
            answers = await asyncio.gather(*(game.post("/v1/chat/completions", json=ask) for _ in range(50)))
            codes = [answer.status_code for answer in answers]
            assert (codes.count(200), codes.count(429)) == (1, 49)
            refused = next(answer for answer in answers if answer.status_code == 429)
            error = refused.json()["error"]
            assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
            assert "0.014 USD today" in error["message"] and refused.headers["x-should-retry"] == "false"
            # what costs nothing stays open, and so does the page
            free = await game.post("/v1/chat/completions", json={**ask, "model": "free"})
            assert free.status_code == 200
            [spent] = (await game.get("/api/usage/budgets")).json()["items"]
            assert (spent["of"], spent["period"], spent["limit"]) == ("key", "day", 0.014)
            assert 0 < spent["spent"] <= 0.014
        assert (await ada.post("/api/llm/chat", json=ask)).status_code == 200
    assert len(upstream.requests) == 3

    # after a restart the sums in the database say what is spent
    async with (
        serve_portal(shared, upstream) as again,
        httpx.AsyncClient(base_url=again.base_url, headers=headers, timeout=20) as game,
    ):
        assert (await game.post("/v1/chat/completions", json=ask)).status_code == 429


async def test_a_persons_budget_counts_over_all_keys_and_the_page(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    me = (await ada.get("/api/auth/me")).json()["id"]
    path = f"/api/admin/users/{me}/limits"
    assert (await ada.put(path, json={})).status_code == 403
    assert (await admin.put("/api/admin/users/999999/limits", json={})).status_code == 404
    wish = {"requests_per_minute": 3, "budget": {"month": 0.5}}
    limits = (await admin.put(path, json=wish)).json()
    assert limits["budget"] == {"day": None, "month": 0.5, "total": None}
    assert (await admin.get(path)).json() == limits
    [row] = (await admin.get("/api/admin/users", params={"query": "ada@"})).json()["items"]
    assert (row["requests_per_minute"], row["budget"]["month"]) == (3, 0.5)

    ask = {"messages": HELLO, "model": "dear", "max_tokens": 200}
    answer = await ada.post("/api/llm/chat", json=ask)
    assert answer.status_code == 200
    assert answer.headers["x-ratelimit-limit-requests"] == "3"
    assert answer.headers["x-ratelimit-remaining-requests"] == "2"
    key = await make_key(ada)
    too_dear = {**ask, "max_tokens": 300}
    async with sdk_of(chat_portal, key["key"]) as sdk:
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk.chat.completions.create(**too_dear)
        assert caught.value.code == "insufficient_quota" and "Your account" in str(caught.value)
        await sdk.chat.completions.create(**{**ask, "max_tokens": 5})
        with pytest.raises(openai.RateLimitError) as many:
            await sdk.chat.completions.create(**ask)
        assert many.value.code == "rate_limited"
        assert many.value.response.headers["x-ratelimit-remaining-requests"] == "0"
        assert int(many.value.response.headers["retry-after"]) >= 1


async def test_limits_of_a_key_change_at_once(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    key = await make_key(ada)
    path = f"/api/keys/{key['id']}"
    headers = {"authorization": f"Bearer {key['key']}"}
    ask = {"messages": HELLO, "model": "dear", "max_tokens": 5}
    assert (await ada.post("/api/llm/chat", json=ask, headers=headers)).status_code == 200
    changed = await ada.patch(path, json={"budget": {"total": 0}, "allowed_models": ["dear"], "name": "maze"})
    assert (changed.json()["name"], changed.json()["budget"]["total"]) == ("maze", 0)
    spent = await ada.post("/api/llm/chat", json=ask, headers=headers)
    assert (spent.status_code, spent.json()["error"]["code"]) == (429, "insufficient_quota")
    assert "retry-after" not in spent.headers
    await ada.patch(path, json={"budget": None})
    assert (await ada.post("/api/llm/chat", json=ask, headers=headers)).status_code == 200
    other = await ada.post("/api/llm/chat", json={**ask, "model": "free"}, headers=headers)
    assert other.status_code == 404
    for client in (eve, ada):
        mine = client is ada
        answer = await client.patch(path, json={"requests_per_minute": 9})
        assert answer.status_code == (200 if mine else 404)
    assert (await ada.patch(path, json={"scopes": ["admin"]})).status_code == 422
    assert (await ada.patch(path, json={"expires_at": "2020-01-01T00:00:00Z"})).status_code == 422
    assert (await ada.patch(path, json={"budget": {"day": -1}})).status_code == 422
    assert (await ada.patch(path, json={"name": ""}, headers=headers)).status_code == 403


async def test_a_drained_target_gets_nothing_new_and_ends_what_runs(
    chat_portal: ChatPortal, admin: httpx.AsyncClient, ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="a b c d e f g h", chunk_delay_seconds=0.05)
    model = {"name": "lab-model", "model": upstream.model, "price": {"input": 3, "output": 15}}
    wish = {"name": "lab", "base_url": upstream.url, "allow_private_network": True, "models": [model]}
    made = (await admin.post("/api/admin/providers", json=wish)).json()
    assert made["models"][0]["price"] == {"input": 3, "output": 15, "cached": None}
    path, ask = f"/api/admin/providers/{made['id']}", {"messages": HELLO, "model": "lab-model"}
    running = asyncio.create_task(ada.post("/api/llm/chat", json=ask))
    await upstream.wait_until(lambda: bool(upstream.requests))
    drained = await admin.patch(path, json={"models": [{**model, "is_drained": True}]})
    assert drained.json()["models"][0]["is_drained"] is True
    assert (await ada.post("/api/llm/chat", json=ask)).status_code == 503
    assert (await running).json()["response"] == "a b c d e f g h"
    put_back = await admin.patch(path, json={"models": [model], "price": {"input": 1}})
    assert put_back.json()["price"] == {"input": 1, "output": 0, "cached": None}
    assert (await ada.post("/api/llm/chat", json=ask)).status_code == 200
    ended = [row for row in await usage_rows(chat_portal, 3) if row.status == "done"]
    assert len(ended) == 2 and {row.target for row in ended} == {f"lab/{upstream.model}"}
    assert all(row.cost_nanos == (row.prompt_tokens * 3 + row.completion_tokens * 15) * 1000 for row in ended)


async def test_a_device_is_counted_by_its_name_and_keeps_its_budget_with_a_new_secret(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    wish = {"name": "Maze robot", "budget": {"month": 0.2}, "requests_per_minute": 9}
    device = (await ada.post("/api/devices", json=wish)).json()
    runtime = chat_portal.runtime
    body = ChatBody.model_validate({"messages": HELLO, "model": "dear", "max_tokens": 50})

    async def ask_over_mqtt(secret: str) -> None:
        principal = await create_auth_runtime(
            runtime.settings, runtime.database, runtime.coord
        ).identity.authenticate(secret)
        async for _ in await runtime.chat.chat_stream(principal, body, Manner("mqtt")):
            pass

    await ask_over_mqtt(device["secret"])
    [row] = await usage_rows(chat_portal, 1)
    assert (row.door, row.device, row.model) == ("mqtt", device["client"], "dear")
    shown = (await admin.get("/api/admin/usage", params={"by": "device"})).json()["groups"]
    assert [(group["key"], group["requests"]) for group in shown] == [(device["client"], 1)]

    secret = (await ada.post(f"/api/devices/{device['id']}/secret")).json()["secret"]
    [key] = (await ada.get("/api/keys")).json()["items"]
    assert (key["budget"]["month"], key["requests_per_minute"], key["prefix"]) == (0.2, 9, secret[:9])
    too_much = body.model_copy(update={"max_tokens": 99})
    body = too_much
    with pytest.raises(BudgetExceededError):
        await ask_over_mqtt(secret)
    with pytest.raises(UnknownKeyError):
        await ask_over_mqtt(device["secret"])


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/chat/completions", {}),
        ("/v1/chat/completions", {"stream": True}),
        ("/v1/embeddings", {"input": "Hello!"}),
        ("/api/llm/chat", {}),
        ("/api/llm/chat/stream", {}),
        ("/api/llm/chat/session", {"session_id": "s", "message": "Hello!"}),
    ],
)
async def test_who_is_limited_is_told_what_is_left_at_every_door(
    ada: httpx.AsyncClient, path: str, more: dict[str, Any]
) -> None:
    key = await make_key(ada, requests_per_minute=2, tokens_per_minute=1000)
    body = {"model": "free", **(more if "session_id" in more else {"messages": HELLO, **more})}
    if "input" in more:
        del body["messages"]
    else:
        body["max_tokens"] = 100
    headers = {"authorization": f"Bearer {key['key']}"}
    answer = await ada.post(path, json=body, headers=headers)
    told = {name: value for name, value in answer.headers.items() if name.startswith("x-ratelimit-")}
    assert (told["x-ratelimit-limit-requests"], told["x-ratelimit-remaining-requests"]) == ("2", "1")
    assert told["x-ratelimit-limit-tokens"] == "1000" and told["x-ratelimit-reset-tokens"].endswith("s")
    assert (900 if "input" not in more else 1000) - 20 <= int(told["x-ratelimit-remaining-tokens"]) < 1000
    too_long = {**body, "max_tokens": 5000} if "input" not in more else {**body, "input": "x" * 9000}
    refused = await ada.post(path, json=too_long, headers=headers)
    assert refused.status_code == 429 and refused.json()["error"]["code"] == "rate_limited"
