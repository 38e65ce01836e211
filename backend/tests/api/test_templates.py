"""Templates over HTTP: writing, versions, sharing, trying them out, limits, who may do what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.templates import service as service_module
from tests.api.auth_portal import bearer, code_of, make_key
from tests.api.chat_portal import PASSWORD, ChatPortal

MOOD = {"name": "mood", "type": "choice", "choices": ["kind", "stern"], "default": "kind"}
GUIDE = {"title": "Guide", "content": "You guide {{player}}. Be {{mood}}.", "variables": [MOOD]}


async def write(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """Write a template; returns it as the portal shows it."""
    answer = await client.post("/api/templates", json={**GUIDE, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def change(client: httpx.AsyncClient, template: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await client.patch(f"/api/templates/{template['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def rendered(client: httpx.AsyncClient, template: dict[str, Any], **body: Any) -> httpx.Response:
    return await client.post(f"/api/templates/{template['id']}/render", json=body)


def fields_of(answer: httpx.Response) -> list[str]:
    return [field["field"] for field in answer.json()["error"]["details"]["fields"]]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_an_older_clients_requests_work_with_and_without_a_slash(
    ada: httpx.AsyncClient, slash: str
) -> None:
    path = f"/api/templates{slash}"
    body = {"title": "Old", "description": None, "content": "Be brief.", "is_active": True, "version": 7}
    made = await ada.post(path, json=body)
    assert made.status_code == 201
    template = made.json()
    me = (await ada.get("/api/auth/me")).json()
    assert isinstance(template["id"], int) and template["user_id"] == me["id"]
    assert {name: template[name] for name in body} == {**body, "description": "", "version": 1}
    assert template["created_at"] == template["updated_at"] and template["created_at"].endswith("Z")
    listed = await ada.get(path, params={"skip": 0, "limit": 50, "mine": "true"})
    assert (listed.status_code, listed.json()) == (200, [template])


async def test_what_is_written_is_read_again(ada: httpx.AsyncClient) -> None:
    template = await write(ada, tags=["Maze", "maze", " hint "], description="For players")
    assert (await ada.get(f"/api/templates/{template['id']}")).json() == template
    assert template["tags"] == ["maze", "hint"]
    assert [variable["name"] for variable in template["variables"]] == ["mood", "player"]
    assert template["variables"][1] == {
        "name": "player",
        "type": "string",
        "description": "",
        "required": True,
        "default": None,
        "choices": None,
        "max_length": None,
    }


async def test_lists_are_paged_filtered_and_newest_first(ada: httpx.AsyncClient) -> None:
    first, second, third = [await write(ada, title=title, tags=[title]) for title in ("a", "b", 'a"_%')]
    await change(ada, first, title="a, changed")

    async def titles(**params: Any) -> list[str]:
        listed = await ada.get("/api/templates", params=params)
        return [template["title"] for template in listed.json()]

    assert await titles() == ["a, changed", third["title"], second["title"]]
    assert await titles(skip=1, limit=1) == [third["title"]]
    assert await titles(tag="A") == ["a, changed"]
    assert await titles(tag='a"_%') == [third["title"]]
    assert await titles(tag="%") == []
    for params in ({"skip": -1}, {"limit": 0}, {"limit": 201}):
        assert (await ada.get("/api/templates", params=params)).status_code == 422


async def test_a_change_of_the_text_makes_a_version_and_old_ones_stay(ada: httpx.AsyncClient) -> None:
    template = await write(ada)
    path = f"/api/templates/{template['id']}"
    assert (await change(ada, template, title="Renamed", tags=["x"], is_active=False))["version"] == 1
    assert (await change(ada, template, content=GUIDE["content"]))["version"] == 1
    assert (await change(ada, template, variables=template["variables"]))["version"] == 1
    second = await change(ada, template, content="Lead {{hero}}. Be {{mood}}.", version=40)
    assert (second["version"], second["title"]) == (2, "Renamed")
    assert [variable["name"] for variable in second["variables"]] == ["mood", "hero"]
    third = await change(ada, template, variables=[{**MOOD, "default": "stern"}])
    assert third["version"] == 3 and third["updated_at"] > template["updated_at"]

    versions = (await ada.get(f"{path}/versions")).json()
    assert [version["version"] for version in versions] == [3, 2, 1]
    assert (versions[2]["content"], versions[2]["variables"]) == (template["content"], template["variables"])
    assert versions[2]["created_at"] == template["created_at"]
    assert (await ada.get(f"{path}/versions/1")).json() == versions[2]
    assert (await ada.get(f"{path}/versions", params={"skip": 1, "limit": 1})).json() == [versions[1]]
    for number in (4, 0, -1, 2**40):
        answer = await ada.get(f"{path}/versions/{number}")
        assert (answer.status_code, code_of(answer)) == (404, "template_version_not_found")
    assert (await rendered(ada, template, variables={"player": "Ada"}, version=1)).json() == {
        "text": "You guide Ada. Be kind.",
        "version": 1,
    }
    assert (await rendered(ada, template, variables={"hero": "Ada"})).json() == {
        "text": "Lead Ada. Be stern.",
        "version": 3,
    }


async def test_put_writes_all_of_it_anew(ada: httpx.AsyncClient) -> None:
    template = await write(ada, tags=["maze"], is_public=True, description="long")
    answer = await ada.put(f"/api/templates/{template['id']}", json={"title": "T", "content": "{{a}}"})
    replaced = answer.json()
    assert (replaced["description"], replaced["tags"], replaced["is_public"]) == ("", [], False)
    assert (replaced["version"], [variable["name"] for variable in replaced["variables"]]) == (2, ["a"])
    missing = await ada.put(f"/api/templates/{template['id']}", json={"title": "T"})
    assert (missing.status_code, fields_of(missing)) == (422, ["content"])


async def test_changes_at_the_same_time_lose_nothing(ada: httpx.AsyncClient) -> None:
    template = await write(ada)
    answers = await asyncio.gather(
        *(
            ada.patch(f"/api/templates/{template['id']}", json={"content": f"text {number}"})
            for number in range(8)
        )
    )
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 10))
    versions = (await ada.get(f"/api/templates/{template['id']}/versions")).json()
    assert {version["content"] for version in versions} == {
        GUIDE["content"],
        *(f"text {number}" for number in range(8)),
    }
    by_number = {version["version"]: version["content"] for version in versions}
    assert all(by_number[answer.json()["version"]] == answer.json()["content"] for answer in answers)


async def test_a_public_template_is_seen_and_used_by_others_but_never_changed(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    template = await write(ada, content="A draft with a secret.", variables=[])
    path = f"/api/templates/{template['id']}"
    assert (await eve.get(path)).status_code == 404
    await change(ada, template, content="For {{player}}.", is_public=True)
    third = await change(ada, template, content="For {{player}}!")

    assert (await eve.get(path)).json() == third
    assert (await eve.get("/api/templates", params={"mine": False})).json() == [third]
    assert (await eve.get("/api/templates")).json() == []
    assert [item["version"] for item in (await eve.get(f"{path}/versions")).json()] == [3, 2]
    draft = await eve.get(f"{path}/versions/1")
    assert (draft.status_code, code_of(draft)) == (404, "template_version_not_found")
    assert (await rendered(eve, template, version=1)).status_code == 404
    assert (await rendered(eve, template, variables={"player": "Eve"})).json()["text"] == "For Eve!"
    whole = {"title": "mine", "content": "x"}
    for method, body in (("PUT", whole), ("PATCH", {"title": "mine"}), ("DELETE", None)):
        answer = await eve.request(method, path, json=body)
        assert (answer.status_code, code_of(answer)) == (404, "template_not_found")
    assert (await ada.get(path)).json() == third


@pytest.mark.parametrize("withdrawal", [{"is_public": False}, {"is_active": False}])
async def test_what_is_no_longer_shared_is_gone_for_others(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, withdrawal: dict[str, bool]
) -> None:
    template = await write(ada, is_public=True)
    await change(ada, template, **withdrawal)
    assert (await eve.get(f"/api/templates/{template['id']}")).status_code == 404
    assert (await rendered(eve, template, variables={"player": "Eve"})).status_code == 404
    assert (await eve.get("/api/templates", params={"mine": False})).json() == []
    assert (await rendered(ada, template, variables={"player": "Ada"})).status_code == 200


async def test_wrong_values_are_422_and_named(ada: httpx.AsyncClient) -> None:
    template = await write(ada, variables=[MOOD, {"name": "steps", "type": "number", "default": 3}])
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["variables.player"]),
        ({"player": None}, ["variables.player"]),
        ({"player": 7}, ["variables.player"]),
        ({"player": "a\x00b"}, ["variables.player"]),
        ({"player": "x" * 20_001}, ["variables.player"]),
        ({"player": "Ada", "colour": "red"}, ["variables.colour"]),
        ({"player": "Ada", "mood": "cruel", "steps": "4"}, ["variables.mood", "variables.steps"]),
        ({"player": "Ada", "x" * 500: 1}, [f"variables.{'x' * 64}"]),
    ]
    for variables, named in cases:
        answer = await rendered(ada, template, variables=variables)
        assert (answer.status_code, code_of(answer), fields_of(answer)) == (422, "invalid_variables", named)
    path = f"/api/templates/{template['id']}/render"
    for raw in (
        b'{"variables": {"player": "\\ud800"}}',
        b'{"variables": {"player": "x", "steps": NaN}}',
        b'{"variables": {"player": "x", "steps": ' + b"9" * 100 + b"}}",
    ):
        answer = await ada.post(path, content=raw, headers={"content-type": "application/json"})
        assert (answer.status_code, code_of(answer)) == (422, "invalid_variables"), answer.text
    endless = b'{"variables": {"steps": ' + b"9" * 5000 + b"}}"
    answer = await ada.post(path, content=endless, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


async def test_values_are_put_in_as_they_are(ada: httpx.AsyncClient) -> None:
    template = await write(ada)
    value = "{{mood}} {{player}} \\{{ {{__class__}} <b>"
    answer = await rendered(ada, template, variables={"player": value, "mood": "stern"})
    assert answer.json()["text"] == f"You guide {value}. Be stern."


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"content": " \n"}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"content": "c" * 100_001}, "content"),
        ({"content": "{{user.name}}"}, "content"),
        ({"content": "{% for x in y %}{{x"}, "content"),
        ({"content": "".join(f"{{{{v{number}}}}}" for number in range(51)), "variables": []}, "variables"),
        ({"variables": [MOOD, MOOD]}, "variables"),
        ({"variables": [{"name": "a b"}]}, "variables.0.name"),
        ({"variables": [{"name": "a", "type": "number", "default": "7"}]}, "variables.0"),
        ({"tags": ["t" * 41]}, "tags.0"),
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"owner": 1}, "owner"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_wrong_field_is_named(ada: httpx.AsyncClient, fields: dict[str, Any], field: str) -> None:
    template = await write(ada)
    path = f"/api/templates/{template['id']}"
    for answer in (
        await ada.post("/api/templates", json={**GUIDE, **fields}),
        await ada.put(path, json={**GUIDE, **fields}),
        await ada.patch(path, json=fields),
    ):
        assert (answer.status_code, fields_of(answer)) == (422, [field])
    assert (await ada.get("/api/templates")).json() == [template]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_syntax_error_says_where_and_what_to_write(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/api/templates", json={**GUIDE, "content": "one\ntwo {{#if x}}"})
    message = answer.json()["error"]["message"]
    assert message.startswith("content: line 2, column 5: ") and "{{player_name}}" in message


async def test_deleted_templates_are_gone_with_their_versions(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    template, other = await write(ada), await write(ada)
    await change(ada, template, content="second")
    path = f"/api/templates/{template['id']}"
    assert (await ada.delete(path)).json() == {"ok": True}
    for answer in (
        await ada.get(path),
        await ada.delete(path),
        await ada.get(f"{path}/versions"),
        await ada.get(f"{path}/versions/1"),
        await rendered(ada, template),
    ):
        assert (answer.status_code, code_of(answer)) == (404, "template_not_found")
    assert (await write(ada))["id"] > other["id"]
    assert await _version_count(chat_portal) == 2


async def test_templates_go_with_the_account(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    template = await write(ada, is_public=True)
    own = await write(eve)
    gone = await ada.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert gone.status_code == 200, gone.text
    assert (await eve.get(f"/api/templates/{template['id']}")).status_code == 404
    assert (await eve.get("/api/templates", params={"mine": False})).json() == [own]
    assert await _version_count(chat_portal) == 1


async def _version_count(chat_portal: ChatPortal) -> int:
    async with chat_portal.runtime.database.reading() as session:
        return int(await session.scalar(text("SELECT count(*) FROM template_versions")) or 0)


@pytest.mark.parametrize("template_id", ["0", "-1", str(2**31), str(2**70), "abc"])
async def test_ids_that_no_template_can_have(ada: httpx.AsyncClient, template_id: str) -> None:
    path = f"/api/templates/{template_id}"
    answers = [await ada.get(path), await ada.delete(path), await ada.get(f"{path}/versions/{2**31}")]
    expected = 422 if template_id == "abc" else 404
    assert [answer.status_code for answer in answers] == [expected] * 3


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_there_is_an_end_to_how_many_one_may_have(
    ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "MAX_TEMPLATES_PER_USER", 2)
    await write(ada)
    await write(ada)
    refused = await ada.post("/api/templates", json=GUIDE)
    assert (refused.status_code, code_of(refused)) == (409, "too_many_templates")


@pytest.fixture
async def program(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a credential; tests send a key with each request."""
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20) as client:
        yield client


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_keys_read_and_try_templates_but_do_not_write_them(
    ada: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    template = await write(ada)
    path = f"/api/templates/{template['id']}"
    key = bearer((await make_key(ada))["key"])
    for reading in ("/api/templates", path, f"{path}/versions", f"{path}/versions/1"):
        assert (await program.get(reading, headers=key)).status_code == 200
    trial = await program.post(f"{path}/render", json={"variables": {"player": "Ada"}}, headers=key)
    assert trial.json()["text"] == "You guide Ada. Be kind."
    for method, where in (("POST", "/api/templates"), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        body = GUIDE if method != "DELETE" else None
        assert (await program.request(method, where, json=body, headers=key)).status_code == 403
    narrow = bearer((await make_key(ada, scopes=["devices"]))["key"])
    refused = await program.get(path, headers=narrow)
    assert (refused.status_code, code_of(refused)) == (403, "missing_scope")
    assert (await ada.get("/api/templates")).json() == [template]
