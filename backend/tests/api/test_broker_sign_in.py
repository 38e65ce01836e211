"""A broker that asks the portal who may sign in (EMQX): devices, pages, the portal itself, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from app.broker.patterns import is_within
from app.devices.connections import LIFETIME, ConnectionService
from app.users.tables import User
from tests.api.auth_portal import bearer, code_of
from tests.api.chat_portal import ChatPortal

SECRET = "a secret of the broker"


@pytest.fixture
async def broker(chat_portal: ChatPortal, ada: httpx.AsyncClient) -> AsyncIterator[ChatPortal]:
    """The portal, with a broker that asks it."""
    runtime = chat_portal.runtime
    update = {
        "mqtt_auth_secret": SecretStr(SECRET),
        "mqtt_username": "portal",
        "mqtt_password": SecretStr("the portal's own"),
    }
    before, runtime.settings = runtime.settings, runtime.settings.model_copy(update=update)
    yield chat_portal
    runtime.settings = before


async def _ask(ada: httpx.AsyncClient, what: str, **body: str) -> dict[str, Any]:
    answer = await ada.post(f"/api/mqtt/{what}", json=body, headers=bearer(SECRET))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_without_the_setting_nobody_is_answered(ada: httpx.AsyncClient) -> None:
    body = {"username": "x", "password": "y"}
    assert (await ada.post("/api/mqtt/auth", json=body)).status_code == 404


async def test_only_the_brokers_secret_lets_ask(broker: ChatPortal, ada: httpx.AsyncClient) -> None:
    body = {"username": "x", "password": "y"}
    for headers in ({}, bearer("another secret, as long")):
        answer = await ada.post("/api/mqtt/auth", json=body, headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "not_authenticated")


async def test_a_device_signs_in_and_keeps_to_its_topics(broker: ChatPortal, ada: httpx.AsyncClient) -> None:
    made = (await ada.post("/api/devices", json={"name": "robot", "projects": ["maze"]})).json()
    client = made["client"]
    admitted = await _ask(ada, "auth", username=client, password=made["secret"])
    # Exactly this: EMQX refuses a client for an `expire_at` of null, and `acl` here would outlive the device.
    assert admitted == {"result": "allow", "is_superuser": False}
    refused = await _ask(ada, "auth", username=client, password="wrong")
    assert refused == {"result": "deny", "is_superuser": False}
    for stranger in ("nobody", "", f"{client}\0"):
        assert (await _ask(ada, "auth", username=stranger, password=made["secret"]))["result"] == "deny"

    async def may(action: str, topic: str) -> bool:
        return bool(
            (await _ask(ada, "acl", username=client, action=action, topic=topic))["result"] == "allow"
        )

    assert await may("publish", f"pp/v1/{client}/req")
    assert await may("subscribe", f"pp/v1/{client}/res/#")
    assert await may("subscribe", "maze/hint/+")
    for topic in (
        "#",
        "+/+/+/#",
        "pp/v1/other/res/#",
        f"$share/x/pp/v1/{client}/res/#",
        "$SYS/#",
        "racing/hint/s",
    ):
        assert not await may("subscribe", topic), topic
    assert not await may("publish", "pp/v1/other/req")
    assert not await may("publish", "pp/v1/bridge/x/status")
    await ada.delete(f"/api/devices/{made['id']}")
    assert not await may("publish", f"pp/v1/{client}/req")


async def test_a_device_of_who_is_shut_off_stays_out_until_its_owner_is_let_in(
    broker: ChatPortal, ada: httpx.AsyncClient
) -> None:
    made = (await ada.post("/api/devices", json={"name": "robot", "projects": ["maze"]})).json()
    me = (await ada.get("/api/auth/me")).json()["id"]
    device = {"username": made["client"]}

    async def answers() -> tuple[str, str]:
        signs_in = await _ask(ada, "auth", **device, password=made["secret"])
        hears = await _ask(ada, "acl", **device, action="subscribe", topic="maze/assistant_response/#")
        return signs_in["result"], hears["result"]

    for is_active, expected in ((False, "deny"), (True, "allow")):
        async with broker.runtime.database.transaction() as session:
            await session.execute(update(User).where(User.id == me).values(is_active=is_active))
        assert await answers() == (expected, expected)


async def test_a_page_signs_in_until_its_hour_is_over(broker: ChatPortal, ada: httpx.AsyncClient) -> None:
    me = (await ada.get("/api/auth/me")).json()["id"]
    row, password = await ConnectionService(broker.runtime.database).open(me, ["maze"])
    admitted = await _ask(ada, "auth", username=row.client, password=password)
    ends = (row.created_at + LIFETIME).timestamp()
    assert admitted == {"result": "allow", "is_superuser": False, "expire_at": int(ends)}
    may = await _ask(ada, "acl", username=row.client, action="subscribe", topic="maze/hint/#")
    assert may["result"] == "deny"


async def test_the_portal_itself_may_do_everything(broker: ChatPortal, ada: httpx.AsyncClient) -> None:
    admitted = await _ask(ada, "auth", username="portal", password="the portal's own")
    assert (admitted["result"], admitted["is_superuser"]) == ("allow", True)
    assert (await _ask(ada, "auth", username="portal", password=""))["result"] == "deny"
    assert (await _ask(ada, "acl", username="portal", action="subscribe", topic="#"))["result"] == "allow"


@pytest.mark.parametrize(
    ("wanted", "allowed", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/+", True),
        ("a/+", "a/+", True),
        ("a/+", "a/b", False),
        ("a/b/c", "a/#", True),
        ("a", "a/#", True),
        ("a/#", "a/#", True),
        ("a/#", "a/+", False),
        ("a/b/c", "a/+", False),
        ("#", "+", False),
        ("#", "#", True),
        ("$SYS/x", "#", False),
        ("$SYS/#", "+/#", False),
    ],
)
def test_a_filter_lies_within_another(wanted: str, allowed: str, expected: bool) -> None:
    assert is_within(wanted, [allowed]) is expected
