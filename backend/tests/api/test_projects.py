"""Projects over HTTP: read by all, changed by operators, put back to what they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.kit.hashing import digest
from app.projects.builtin import builtin_settings
from app.projects.catalog import ProjectCatalog
from app.users.service import UserService
from tests.api.auth_portal import code_of
from tests.api.chat_portal import PASSWORD, ChatPortal

DRAGON = {
    "system_prompt": "You are a dragon.",
    "temperature": 0,
    "priority": "player",
    "deadline_seconds": 20,
}


@pytest.fixture
async def operator(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an operator who signed in."""
    users = UserService(chat_portal.runtime.database, min_password_length=12)
    await users.create("olga@example.org", PASSWORD, role="operator")
    async with chat_portal.client("olga@example.org") as client:
        yield client


async def test_everybody_reads_what_there_is(ada: httpx.AsyncClient) -> None:
    items = (await ada.get("/api/projects")).json()["items"]
    names = [item["name"] for item in items]
    assert names == sorted(names) == ["bloodcell", "driving", "general", "maze", "prompt_portal", "racing"]
    maze = (await ada.get("/api/projects/maze")).json()
    assert maze in items
    assert (maze["is_builtin"], maze["is_changed"], maze["updated_at"]) == (True, False, None)
    assert maze["system_prompt"] == builtin_settings("maze").system_prompt
    assert code_of(await ada.get("/api/projects/chess")) == "project_not_found"


async def test_a_built_in_one_is_changed_and_put_back(
    chat_portal: ChatPortal, operator: httpx.AsyncClient
) -> None:
    before = (await operator.get("/api/projects/maze")).json()
    changed = await operator.put("/api/projects/maze", json=DRAGON)
    assert changed.status_code == 200
    assert (await operator.get("/api/projects/maze")).json() == changed.json()
    assert changed.json() | DRAGON == changed.json()
    assert changed.json()["is_changed"] is True
    assert changed.json()["answer_schema"] is None
    catalog = chat_portal.runtime.projects
    assert catalog.get("maze").settings.temperature == 0
    assert digest(before["system_prompt"]) in catalog.past_prompts(catalog.get("maze"))
    assert (await operator.delete("/api/projects/maze")).status_code == 200
    assert (await operator.get("/api/projects/maze")).json() == before
    assert digest("You are a dragon.") in catalog.past_prompts(catalog.get("maze"))


async def test_an_own_one_is_made_used_by_devices_and_removed(operator: httpx.AsyncClient) -> None:
    device = {"name": "x", "projects": ["dragon"]}
    assert code_of(await operator.post("/api/devices", json=device)) == "unknown_project"
    made = await operator.put("/api/projects/dragon", json=DRAGON)
    assert (made.status_code, made.json()["is_builtin"], made.json()["is_changed"]) == (201, False, False)
    assert (await operator.put("/api/projects/dragon", json={})).status_code == 200
    assert (await operator.post("/api/devices", json=device)).status_code == 201
    assert (await operator.delete("/api/projects/dragon")).status_code == 200
    assert (await operator.delete("/api/projects/dragon")).status_code == 404


async def test_who_is_no_operator_changes_nothing(
    ada: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    assert code_of(await ada.put("/api/projects/maze", json=DRAGON)) == "operator_only"
    assert code_of(await ada.delete("/api/projects/maze")) == "operator_only"
    key = (await operator.post("/api/keys", json={"name": "k", "scopes": ["chat"]})).json()["key"]
    bearer = {"authorization": f"Bearer {key}"}
    assert (await operator.get("/api/projects", headers=bearer)).status_code == 200
    assert code_of(await operator.put("/api/projects/maze", json=DRAGON, headers=bearer)) == "operator_only"


async def test_a_name_must_be_a_level_of_a_topic(operator: httpx.AsyncClient) -> None:
    for name in ("pp", "a b", "x" * 33, "dr%2Fagon", "$SYS"):
        assert (await operator.put(f"/api/projects/{name}", json=DRAGON)).status_code in (404, 405, 422), name


async def test_another_replica_follows_at_once(chat_portal: ChatPortal, operator: httpx.AsyncClient) -> None:
    runtime = chat_portal.runtime
    other = ProjectCatalog(runtime.database, runtime.coord, runtime.templates, ["maze"])
    heard = asyncio.Event()
    other.on_changed = heard.set
    await other.start()
    try:
        await asyncio.sleep(0)  # it listens once its task has begun
        await operator.put("/api/projects/dragon", json=DRAGON)
        async with asyncio.timeout(5):
            await heard.wait()
        assert other.names == ["maze", "dragon"]
        other.restrict(["maze"])
        assert other.names == ["maze"]
    finally:
        await other.close()


async def test_a_template_takes_the_place_of_the_text_until_it_is_gone(
    chat_portal: ChatPortal, operator: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    template = {"title": "Guide", "content": "You guide {{player}}."}
    template_id = (await operator.post("/api/templates", json=template)).json()["id"]
    wish = {"system_prompt": "Plain.", "template_id": template_id}
    refused = await operator.put("/api/projects/maze", json=wish)
    assert refused.status_code == 422
    saved = await operator.put("/api/projects/maze", json={**wish, "variables": {"player": "Ada"}})
    assert saved.status_code == 200
    catalog = chat_portal.runtime.projects
    assert await catalog.prompt_of(catalog.get("maze")) == "You guide Ada."
    await operator.delete(f"/api/templates/{template_id}")
    assert await catalog.prompt_of(catalog.get("maze")) == "Plain."
    theirs = (await ada.post("/api/templates", json=template)).json()["id"]
    assert (await operator.put("/api/projects/maze", json={"template_id": theirs})).status_code == 404
