"""Devices over HTTP: the secret is shown once and is a key, its limits are kept, and it ends with the device."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import text

from app.broker.accounts import hash_secret
from app.devices.connections import LIFETIME, ConnectionService
from app.devices.presence import DevicePresence
from app.devices.service import DeviceService
from app.keys.service import KeyService
from app.usage.tables import SUMS, UsageDay
from tests.api.auth_portal import ManualClock, bearer, code_of
from tests.api.chat_portal import ChatPortal, usage_rows


async def test_a_devices_secret_is_shown_once_and_is_a_key(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    answer = await ada.post("/api/devices", json={"name": "Maze robot!", "projects": ["maze", "maze"]})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.json()
    secret = made.pop("secret")
    assert made["client"].startswith("maze-robot-")
    assert made["projects"] == ["maze"]
    assert (await ada.get("/api/devices")).json() == {"items": [made], "currency": "USD"}
    async with chat_portal.runtime.database.reading() as session:
        rows = (await session.execute(text("SELECT * FROM devices"))).all()
    assert secret not in repr(rows)
    assert (await ada.get("/api/models", headers=bearer(secret))).status_code == 200
    refused = await ada.get("/api/devices", headers=bearer(secret))
    assert refused.status_code == 403


async def test_a_new_secret_keeps_the_limits_and_ends_the_old_one(ada: httpx.AsyncClient) -> None:
    made = (await ada.post("/api/devices", json={"name": "x", "requests_per_minute": 7})).json()
    new = (await ada.post(f"/api/devices/{made['id']}/secret")).json()
    assert (new["id"], new["client"]) == (made["id"], made["client"])
    assert (await ada.get("/api/models", headers=bearer(made["secret"]))).status_code == 401
    assert (await ada.get("/api/models", headers=bearer(new["secret"]))).status_code == 200
    keys = (await ada.get("/api/keys")).json()["items"]
    assert [key["requests_per_minute"] for key in keys] == [7]


async def test_a_device_ends_with_its_key(ada: httpx.AsyncClient) -> None:
    made = (await ada.post("/api/devices", json={"name": "x"})).json()
    assert (await ada.delete(f"/api/devices/{made['id']}")).status_code == 200
    assert (await ada.get("/api/devices")).json()["items"] == []
    assert (await ada.get("/api/keys")).json() == {"items": []}
    assert (await ada.get("/api/models", headers=bearer(made["secret"]))).status_code == 401
    assert (await ada.delete(f"/api/devices/{made['id']}")).status_code == 404


async def test_a_device_whose_key_was_revoked_gets_a_new_one_with_its_limits(ada: httpx.AsyncClient) -> None:
    limits = {"requests_per_minute": 7, "budget": {"month": 5.0}, "allowed_models": ["fake-model"]}
    made = (await ada.post("/api/devices", json={"name": "x", **limits})).json()
    key = (await ada.get("/api/keys")).json()["items"][0]
    await ada.delete(f"/api/keys/{key['id']}")
    [dead] = (await ada.get("/api/devices")).json()["items"]
    assert (made["is_key_revoked"], dead["is_key_revoked"], dead["requests_per_minute"]) == (False, True, 7)
    refused = await ada.patch(f"/api/devices/{made['id']}", json={"requests_per_minute": 9})
    assert (refused.status_code, code_of(refused)) == (409, "device_key_revoked")
    new = (await ada.post(f"/api/devices/{made['id']}/secret")).json()
    assert (new["requests_per_minute"], new["allowed_models"]) == (7, ["fake-model"])
    assert new["is_key_revoked"] is False
    assert new["budget"]["month"] == 5.0
    assert (await ada.get("/api/models", headers=bearer(new["secret"]))).status_code == 200


async def test_an_unknown_project_is_refused_and_leaves_no_key(ada: httpx.AsyncClient) -> None:
    refused = await ada.post("/api/devices", json={"name": "x", "projects": ["chess"]})
    assert (refused.status_code, code_of(refused)) == (422, "unknown_project")
    assert (await ada.get("/api/keys")).json() == {"items": []}


async def test_without_a_broker_the_portal_says_so(ada: httpx.AsyncClient) -> None:
    answer = (await ada.get("/api/mqtt")).json()
    assert (answer["status"], answer["port"]) == ("off", None)
    assert "Mosquitto" in answer["message"]


async def test_the_broker_reads_the_devices_when_it_starts(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    made = (await ada.post("/api/devices", json={"name": "x", "projects": ["maze"]})).json()
    database = chat_portal.runtime.database
    devices = DeviceService(database, KeyService(database), ["maze"])
    [account] = await devices.accounts()
    assert account.username == made["client"]
    assert len(account.hashed.password) == len(hash_secret("x").password)
    assert f"pp/v1/{made['client']}/req" in account.may_publish
    assert "maze/assistant_response/#" in account.may_subscribe
    assert not [topic for topic in account.may_subscribe if topic.startswith(("#", "+", "$"))]
    assert await devices.key_id_of(made["client"]) is not None
    assert await devices.key_id_of("somebody-else") is None


async def test_a_page_cannot_connect_without_a_broker(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/api/mqtt/connection")
    assert (answer.status_code, code_of(answer)) == (409, "mqtt_off")


async def test_a_pages_account_ends_after_an_hour(chat_portal: ChatPortal, ada: httpx.AsyncClient) -> None:
    me = (await ada.get("/api/auth/me")).json()["id"]
    clock, told = ManualClock(), []

    async def tell(commands: list[dict[str, Any]]) -> None:
        told.extend(command["command"] for command in commands)

    connections = ConnectionService(chat_portal.runtime.database, tell, clock)
    row, secret = await connections.open(me, ["maze"])
    assert told[-2:] == ["createRole", "createClient"]
    [account] = await connections.accounts()
    assert (account.username, "maze/hint/#" in account.may_subscribe) == (row.client, False)
    for found in (await connections.user_of_secret(secret), await connections.user_of_client(row.client)):
        assert found is not None and (found.user.id, found.client) == (me, row.client)
    await connections.end_expired()
    clock.advance(seconds=LIFETIME.total_seconds())
    assert await connections.user_of_secret(secret) is None
    assert await connections.user_of_client(row.client) is None
    told.clear()
    await connections.end_expired()
    assert told == ["deleteClient", "deleteRole"]
    assert await connections.accounts() == []


async def test_the_oldest_of_too_many_pages_is_thrown_out(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    me = (await ada.get("/api/auth/me")).json()["id"]
    clock = ManualClock()
    connections = ConnectionService(chat_portal.runtime.database, clock=clock)
    rows = []
    for _ in range(21):
        rows.append((await connections.open(me, []))[0].client)
        clock.advance(seconds=1)
    assert {account.username for account in await connections.accounts()} == set(rows[1:])


async def test_a_device_is_changed_and_keeps_its_secret(ada: httpx.AsyncClient) -> None:
    wish = {"name": "x", "projects": ["maze"], "requests_per_minute": 7, "budget": {"day": 1}}
    made = (await ada.post("/api/devices", json=wish)).json()
    assert (made["requests_per_minute"], made["budget"]["day"]) == (7, 1)
    one = f"/api/devices/{made['id']}"
    change = {"name": "Robot", "projects": ["racing", "maze"], "requests_per_minute": None}
    changed = (await ada.patch(one, json=change)).json()
    assert (changed["name"], changed["projects"]) == ("Robot", ["maze", "racing"])
    assert (changed["requests_per_minute"], changed["budget"]["day"]) == (None, 1)
    assert changed["client"] == made["client"]
    assert (await ada.get("/api/models", headers=bearer(made["secret"]))).status_code == 200
    [key] = (await ada.get("/api/keys")).json()["items"]
    assert (key["name"], key["requests_per_minute"]) == ("Robot (device)", None)
    for wrong, code in (({"projects": ["chess"]}, "unknown_project"), ({"name": ""}, "validation_error")):
        refused = await ada.patch(one, json=wrong)
        assert (refused.status_code, code_of(refused)) == (422, code)
    assert (await ada.get("/api/devices")).json()["items"] == [changed]


async def test_what_a_device_asked_last_is_told_to_its_owner_without_any_text(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    made = (await ada.post("/api/devices", json={"name": "x"})).json()
    ask = {"messages": [{"role": "user", "content": "a secret question"}]}
    await ada.post("/api/llm/chat", json=ask, headers=bearer(made["secret"]))
    await ada.post("/api/llm/chat", json=ask)
    await usage_rows(chat_portal, 2)
    answer = (await ada.get(f"/api/devices/{made['id']}/requests")).json()
    [request] = answer["items"]
    assert (request["status"], request["model"]) == ("done", "fake-model")
    assert "secret question" not in str(answer)
    [device] = (await ada.get("/api/devices")).json()["items"]
    assert device["last_request_at"] == request["created_at"]


async def test_what_a_device_spent_of_its_budget_is_told(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    budget = {"month": 5.0, "total": 9.0}
    made = (await ada.post("/api/devices", json={"name": "x", "budget": budget})).json()
    assert made["spent"] == {"day": None, "month": 0.0, "total": 0.0}
    free = (await ada.post("/api/devices", json={"name": "y"})).json()
    assert free["spent"] is None
    [key_id] = [key["id"] for key in (await ada.get("/api/keys")).json()["items"] if key["budget"]]
    today = chat_portal.runtime.clock.now().date()
    earlier = (today.replace(day=1) - timedelta(days=1)).isoformat()
    async with chat_portal.runtime.database.transaction() as session:
        for day, nanos in ((today.isoformat(), 1_250_000_000), (earlier, 500_000_000)):
            figures = dict.fromkeys(SUMS, 0) | {"cost_nanos": nanos}
            session.add(
                UsageDay(day=day, user_id=1, key_id=key_id, device="x", door="mqtt", model="m", **figures)
            )
    spent = {device["id"]: device["spent"] for device in (await ada.get("/api/devices")).json()["items"]}
    assert spent == {made["id"]: {"day": None, "month": 1.25, "total": 1.75}, free["id"]: None}
    changed = (await ada.patch(f"/api/devices/{made['id']}", json={"budget": {"day": 2.0}})).json()
    assert changed["spent"] == {"day": 1.25, "month": None, "total": None}


def test_a_presence_is_read_as_devices_write_it() -> None:
    clock = ManualClock()
    presence = DevicePresence(clock)
    for word in (b"online", b'{"state": "online"}', b'"here"', b"1"):
        presence.hear("robot", word)
        said = presence.of("robot")
        assert said is not None and (said.state, said.since) == ("online", clock.now())
    clock.advance(seconds=60)
    for word in (b"offline", b'{"state": "offline"}', b'{"cancel": true}', b'{"online": false}'):
        presence.hear("robot", word)
        said = presence.of("robot")
        assert said is not None and (said.state, said.since) == ("offline", clock.now())
    presence.hear("robot", b"")
    assert presence.of("robot") is None
