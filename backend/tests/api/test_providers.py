"""/api/admin/providers: who may, what takes effect, and that a key goes in and never comes out."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal
from tests.fakes.own_routes import OwnServer
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream

CANARY = "sk-canary-provider-51c2"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()


@pytest.fixture
def chat_overrides() -> dict[str, object]:
    return {"encryption_key": SecretStr(KEY)}


@pytest.fixture
async def other() -> AsyncIterator[FakeUpstream]:
    """A second model server, which wants a key."""
    async with FakeUpstream(kind="vllm", model="org/big", api_key=CANARY) as server:
        yield server


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


def wish(url: str, **more: object) -> dict[str, object]:
    return {
        "name": "lab",
        "base_url": url,
        "api_key": CANARY,
        "allow_private_network": True,
        "models": [{"name": "big", "model": "org/big", "capabilities": ["chat", "code"]}],
        **more,
    }


async def ask(client: httpx.AsyncClient, model: str) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": "hi"}], "model": model}
    return await client.post("/api/llm/chat", json=body)


async def test_a_provider_is_entered_tried_used_changed_and_removed(
    chat_portal: ChatPortal, admin: httpx.AsyncClient, ada: httpx.AsyncClient, other: FakeUpstream
) -> None:
    made = await admin.post("/api/admin/providers", json=wish(other.url))
    assert made.status_code == 201 and made.json()["has_api_key"]
    path = f"/api/admin/providers/{made.json()['id']}"
    tried = (await admin.post(f"{path}/test")).json()
    assert (tried["is_healthy"], tried["kind"], tried["models"]) == (True, "vllm", ["org/big"])
    answer = await ask(ada, "big")
    assert (answer.status_code, answer.json()["model"]) == (200, "big")
    assert other.requests[-1].headers["Authorization"] == f"Bearer {CANARY}"
    rows = {row["id"]: row for row in (await ada.get("/api/models")).json()["items"]}
    assert rows["big"]["capabilities"] == ["chat", "code"]
    changed = await admin.patch(path, json={"models": [{"name": "huge", "model": "org/big"}]})
    assert changed.json()["models"][0]["name"] == "huge" and changed.json()["has_api_key"]
    assert ((await ask(ada, "huge")).status_code, (await ask(ada, "big")).status_code) == (200, 404)
    off = await admin.patch(path, json={"is_enabled": False})
    assert off.json()["is_enabled"] is False
    assert (await ask(ada, "huge")).status_code == 404
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.get(path)).status_code == 404
    assert (await admin.get("/api/admin/providers")).json() == {"items": [], "file": None}


async def test_the_key_is_stored_encrypted_and_never_shown(
    chat_portal: ChatPortal, admin: httpx.AsyncClient, other: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    made = await admin.post("/api/admin/providers", json=wish(other.url))
    path = f"/api/admin/providers/{made.json()['id']}"
    other.api_key = "changed-at-the-server"
    shown = [
        made,
        await admin.get(path),
        await admin.get("/api/admin/providers"),
        await admin.post(f"{path}/test"),
    ]
    assert all(CANARY not in answer.text for answer in shown)
    async with chat_portal.runtime.database.reading() as session:
        stored = (await session.execute(text("SELECT * FROM providers"))).one()
    assert CANARY not in str(stored) and CANARY not in caplog.text


async def test_a_stored_key_is_not_sent_to_a_new_address(
    admin: httpx.AsyncClient, other: FakeUpstream, upstream: FakeUpstream
) -> None:
    made = await admin.post("/api/admin/providers", json=wish(other.url))
    path = f"/api/admin/providers/{made.json()['id']}"
    moved = await admin.patch(path, json={"base_url": upstream.url})
    assert (moved.status_code, moved.json()["error"]["code"]) == (422, "provider_key_needed")
    assert (await admin.get(path)).json()["base_url"] == other.url
    moved = await admin.patch(path, json={"base_url": upstream.url, "api_key": None})
    assert (moved.status_code, moved.json()["has_api_key"]) == (200, False)


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://127.0.0.1:9", False),
        ("http://169.254.169.254", True),
        ("http://[::ffff:a9fe:a9fe]", True),
        ("file:///x", True),
    ],
)
async def test_addresses_are_checked(admin: httpx.AsyncClient, url: str, allow: bool) -> None:
    refused = await admin.post("/api/admin/providers", json=wish(url, allow_private_network=allow))
    assert refused.status_code == 422, refused.text
    assert (await admin.get("/api/admin/providers")).json()["items"] == []


async def test_what_is_often_mistaken_is_understood_or_named(
    admin: httpx.AsyncClient, other: FakeUpstream
) -> None:
    tried: dict[str, tuple[bool, str]] = {}
    for name, more in {
        "endpoint": {"base_url": f"{other.url}/v1/chat/completions", "api_key": f"{CANARY}\n"},
        "keyless": {"base_url": other.url, "api_key": None, "kind": "generic"},
        "path": {"base_url": f"{other.url}/api", "kind": "generic"},
    }.items():
        made = await admin.post("/api/admin/providers", json=wish(other.url, name=name, models=[], **more))
        assert made.status_code == 201, made.text
        found = (await admin.post(f"/api/admin/providers/{made.json()['id']}/test")).json()
        tried[name] = found["is_healthy"], found["message"]
    assert tried["endpoint"] == (True, "")
    assert tried["keyless"] == (False, "The model server wants an API key, and none is entered.")
    assert tried["path"][1].startswith("The server has no /v1/models.")
    for more, said in (
        ({"base_url": f"{other.url}/v1?key=1"}, "must hold no ?"),
        ({"models": [{"name": " auto "}]}, "'auto' is what programs say"),
    ):
        refused = await admin.post("/api/admin/providers", json=wish(other.url, **{"name": "x", **more}))
        assert refused.status_code == 422 and said in refused.json()["error"]["message"], refused.text


async def test_only_administrators_see_and_change_providers(
    ada: httpx.AsyncClient, other: FakeUpstream
) -> None:
    assert (await ada.post("/api/admin/providers", json=wish(other.url))).status_code == 403
    for method, path in (("GET", ""), ("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x"), ("POST", "/x/test")):
        refused = await ada.request(method, f"/api/admin/providers{path}", json={})
        assert refused.status_code == 403, (method, path)
    async with httpx.AsyncClient(base_url=ada.base_url) as stranger:
        assert (await stranger.get("/api/admin/providers")).status_code == 401


async def test_names_are_taken_once(admin: httpx.AsyncClient, other: FakeUpstream) -> None:
    assert (await admin.post("/api/admin/providers", json=wish(other.url))).status_code == 201
    for name in ("lab", "local"):
        taken = await admin.post("/api/admin/providers", json=wish(other.url, name=name))
        assert (taken.status_code, taken.json()["error"]["code"]) == (409, "provider_name_taken")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("chat_overrides", [{"encryption_key": SecretStr("")}])
async def test_without_an_encryption_key_no_key_is_stored(
    admin: httpx.AsyncClient, other: FakeUpstream
) -> None:
    refused = await admin.post("/api/admin/providers", json=wish(other.url))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_encryption_key")
    assert CANARY not in refused.text
    assert (await admin.post("/api/admin/providers", json=wish(other.url, api_key=None))).status_code == 201


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_another_key_sealed_is_not_used_and_the_portal_goes_on(
    chat_portal: ChatPortal,
    admin: httpx.AsyncClient,
    ada: httpx.AsyncClient,
    other: FakeUpstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = await admin.post("/api/admin/providers", json=wish(other.url))
    async with chat_portal.runtime.database.transaction() as session:
        await session.execute(text("UPDATE providers SET sealed_key = 'AAAA' || sealed_key"))
    for _ in range(3):
        await chat_portal.runtime.catalog.changed()
    assert caplog.text.count("is not used") == 1, "it is looked at again and again, and said once"
    async with asyncio.timeout(10):  # health may be a second old
        while True:
            health = (await admin.get("/api/admin/health")).json()["components"]
            named = {part["name"]: part for part in health}
            if found := named.get(f"provider:{made.json()['name']}"):
                break
            await asyncio.sleep(0.1)
    assert found["state"] == "down" and "ENCRYPTION_KEY" in found["advice"]
    tried = await admin.post(f"/api/admin/providers/{made.json()['id']}/test")
    assert (tried.status_code, tried.json()["error"]["code"]) == (409, "secret_unreadable")
    assert (await ask(ada, "big")).status_code == 404
    assert (await ask(ada, "fake-model")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_mappings_are_drafted_entered_and_tried_on_recorded_answers(
    admin: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    samples = {
        "request": {"prompt": "What is the capital of France?", "params": {"temp": 0.7, "max_length": 100}},
        "response": {"generated_text": "Paris.", "metadata": {"tokens_generated": 2}},
    }
    assert (await ada.post("/api/admin/providers/draft", json=samples)).status_code == 403
    drafted = (await admin.post("/api/admin/providers/draft", json=samples)).json()
    assert drafted["replayed"][0]["text"] == "Paris."
    fields = {"kind": "translated", "mapping": drafted["mapping"], "api_key": None, "name": "guide"}
    made = await admin.post("/api/admin/providers", json=wish("http://127.0.0.1:9", **fields))
    assert made.status_code == 201 and made.json()["mapping"]["response"]["content"] == "generated_text"
    path = f"/api/admin/providers/{made.json()['id']}/test"
    recorded = [{"response": {"generated_text": "Oslo."}}, {"response": {"text": "Oslo."}}]
    tried = (await admin.post(path, json={"samples": recorded})).json()
    assert [one["text"] for one in tried["replayed"]] == ["Oslo.", None] and not tried["is_healthy"]
    unmapped = await admin.post("/api/admin/providers/draft", json={"request": {}, "response": {"n": 1}})
    assert unmapped.status_code == 422
    for wrong in (
        {"kind": "translated"},
        {"kind": "vllm", "module": "guide"},
        {"kind": "module", "module": "../guide"},
        {"kind": "module", "module": "guide"},  # there is no folder
        {"kind": "vllm", "base_url": ""},
    ):
        refused = await admin.post("/api/admin/providers", json=wish("http://127.0.0.1:9", **wrong))
        assert refused.status_code == 422, wrong


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_two_providers_answer_for_one_name(
    admin: httpx.AsyncClient, ada: httpx.AsyncClient, other: FakeUpstream, upstream: FakeUpstream
) -> None:
    both = [{"name": "big", "model": "fake-model", "priority": 1}]
    await admin.post("/api/admin/providers", json=wish(other.url))
    await admin.post("/api/admin/providers", json=wish(upstream.url, name="spare", api_key=None, models=both))
    other.queue(Reply(status=503))
    assert (await ask(ada, "big")).status_code == 200
    assert (len(other.requests), len(upstream.requests)) == (1, 1)


async def test_what_a_server_has_of_its_own_is_said_and_changed(
    admin: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    async with OwnServer() as server:
        own = {**wish(server.url, kind="generic"), "models": [{"name": "own", "model": "own-model"}]}
        refused = await admin.post("/api/admin/providers", json={**own, "own_routes": ["background"]})
        assert refused.status_code == 422 and "background needs responses" in refused.text
        made = await admin.post("/api/admin/providers", json={**own, "own_routes": ["responses"]})
        assert made.json()["own_routes"] == ["responses"]
        asked = {"model": "own", "input": "Hello!"}
        answer = await ada.post("/v1/responses", json=asked)
        assert answer.status_code == 200 and server.asked == ["POST /v1/responses"]
        path = f"/api/admin/providers/{made.json()['id']}"
        assert (await admin.patch(path, json={"own_routes": []})).json()["own_routes"] == []
        assert (await ada.post("/v1/responses", json=asked)).status_code == 404  # it has no chat completions
        again = await ada.get(f"/v1/responses/{answer.json()['id']}")
        assert again.json()["output"] == answer.json()["output"]
