"""The audit log has everything that matters, can be filtered and taken along, and keeps no secret."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from app.audit.tables import AuditRow
from app.config import PROJECT_ROOT
from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal, say
from tests.fixtures.portal import BACKEND


@pytest.fixture
async def root(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator."""
    email = "root@example.org"
    password = await create_with_one_time_password(chat_portal.runtime.database, email, "admin")
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20) as client:
        login = await client.post("/api/auth/login", json={"email": email, "password": password})
        client.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        body = {"current_password": password, "new_password": PASSWORD}
        changed = await client.post("/api/auth/change-password", json=body)
        client.headers["authorization"] = f"Bearer {changed.json()['access_token']}"
        yield client


async def _log(portal: ChatPortal) -> list[tuple[str, str, str]]:
    """Return (action, who, subject) of all lines, the oldest first."""
    async with portal.runtime.database.reading() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
    return [(row.action, row.actor, row.subject) for row in rows]


async def test_everything_that_matters_leaves_a_line_and_no_secret(
    chat_portal: ChatPortal, root: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    key = (await ada.post("/api/keys", json={"name": "a game"})).json()
    await ada.delete(f"/api/keys/{key['id']}")
    device = (await ada.post("/api/devices", json={"name": "robot", "projects": ["maze"]})).json()
    rotated = (await ada.post(f"/api/devices/{device['id']}/secret")).json()
    await ada.delete(f"/api/devices/{device['id']}")
    template = (await ada.post("/api/templates", json={"title": "Poet", "content": "Rhyme."})).json()
    for is_public in (True, False):
        await ada.patch(f"/api/templates/{template['id']}", json={"is_public": is_public})
    await ada.delete(f"/api/templates/{template['id']}")
    await say(ada, "s1", "a private word")
    await ada.post("/api/sessions/s1/share", json={})
    await ada.delete("/api/sessions/s1/share")
    await ada.get("/api/sessions/export")
    await ada.delete("/api/sessions/s1")
    wish = {"name": "gpu", "base_url": "http://127.0.0.1:9", "allow_private_network": True}
    provider = (await root.post("/api/admin/providers", json=wish)).json()
    await root.patch(f"/api/admin/providers/{provider['id']}", json={"is_enabled": False})
    await root.delete(f"/api/admin/providers/{provider['id']}")
    stranger = {"email": "ada@example.org", "password": "a wrong password"}
    await ada.post("/api/auth/login", json=stranger)
    await ada.post("/api/auth/login", json={"email": "my secret typed wrongly", "password": "x"})
    await ada.request("DELETE", "/api/auth/account", json={"password": PASSWORD})

    lines = await _log(chat_portal)
    by_ada = [action for action, who, _ in lines if who == "ada@example.org"]
    for action in (
        *("account.create", "sign_in.open", "key.create", "key.revoke"),
        *("device.create", "device.secret", "device.delete"),
        *("template.publish", "template.withdraw", "template.delete"),
        *("share.create", "share.withdraw", "export.all", "session.delete", "account.delete"),
    ):
        assert action in by_ada, action
    by_root = [action for action, who, _ in lines if who == "root@example.org"]
    for action in ("password.change", "provider.create", "provider.update", "provider.delete"):
        assert action in by_root, action
    failed = [subject for action, _, subject in lines if action == "sign_in.fail"]
    assert failed == ["ada@example.org", "(no address)"]
    everything = (await root.get("/api/admin/audit", params={"limit": 500})).text
    for secret in (
        key["key"],
        device["secret"],
        rotated["secret"],
        PASSWORD,
        "typed wrongly",
        "private word",
    ):
        assert secret not in everything


async def test_what_is_rolled_back_was_not_done(chat_portal: ChatPortal, ada: httpx.AsyncClient) -> None:
    refused = await ada.delete("/api/keys/00000000000000000000000000000000")
    assert refused.status_code == 404
    assert not [line for line in await _log(chat_portal) if line[0] == "key.revoke"]


async def test_the_log_is_filtered_by_thing_person_and_time(
    root: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    await ada.post("/api/keys", json={"name": "one"})

    async def found(**wish: str) -> list[dict[str, Any]]:
        answer = await root.get("/api/admin/audit", params=wish)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    line = (await found(action="key"))[0]
    assert (line["action"], line["actor"], line["details"]) == (
        "key.create",
        "ada@example.org",
        {"scopes": ["chat", "gateway"]},
    )
    assert await found(action="ke") == []
    assert {row["actor"] for row in await found(actor="ADA@")} == {"ada@example.org"}
    assert [row["subject"] for row in await found(subject="one (pp_")] == [line["subject"]]
    assert line["id"] in [row["id"] for row in await found(since=line["created_at"])]
    assert line["id"] not in [row["id"] for row in await found(until=line["created_at"])]
    assert await found(since="2999-01-01T00:00:00") == []
    impossible = await root.get("/api/admin/audit", params={"since": "0001-01-01T00:00:00+14:00"})
    assert impossible.status_code == 422


async def test_the_log_is_taken_along_as_csv_and_json_and_that_is_a_line_itself(
    chat_portal: ChatPortal, root: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    await ada.post("/api/keys", json={"name": '=HYPERLINK("http://evil")'})
    assert (await ada.get("/api/admin/audit/export")).status_code == 403
    taken = await root.get("/api/admin/audit/export", params={"action": "key"})
    assert taken.headers["content-type"].startswith("text/csv")
    assert "audit-log.csv" in taken.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(taken.text)))
    assert [row["action"] for row in rows] == ["key.create"]
    assert rows[0]["subject"].startswith("'=HYPERLINK"), "a spreadsheet would compute it"
    as_json = await root.get("/api/admin/audit/export", params={"format": "json"})
    lines = [orjson.loads(line) for line in as_json.content.splitlines()]
    assert [line["action"] for line in lines[:2]] == ["audit.export", "audit.export"]
    assert len(lines) == len(await _log(chat_portal))


async def test_announcements_are_for_everybody_and_end(
    chat_portal: ChatPortal, root: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    assert (await ada.post("/api/admin/announcements", json={"text": "hello"})).status_code == 403
    wish = {"text": " Down on Friday. ", "tone": "warning", "hours": 1}
    made = await root.post("/api/admin/announcements", json=wish)
    assert made.status_code == 201, made.text
    shown = (await ada.get("/api/announcements")).json()["items"]
    assert [(one["text"], one["tone"]) for one in shown] == [("Down on Friday.", "warning")]
    for number in range(4):
        await root.post("/api/admin/announcements", json={"text": f"number {number}"})
    too_many = await root.post("/api/admin/announcements", json={"text": "one more"})
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (409, "too_many_announcements")
    assert (await root.delete(f"/api/admin/announcements/{made.json()['id']}")).status_code == 200
    assert (await root.delete(f"/api/admin/announcements/{made.json()['id']}")).status_code == 404
    assert len((await ada.get("/api/announcements")).json()["items"]) == 4
    assert ("announcement.create", "root@example.org", "Down on Friday.") in await _log(chat_portal)


async def test_an_invitation_is_listed_without_its_code_and_can_be_withdrawn(root: httpx.AsyncClient) -> None:
    made = (await root.post("/api/admin/invitations", json={"role": "operator"})).json()
    listed = await root.get("/api/admin/invitations")
    assert [one["role"] for one in listed.json()["items"]] == ["operator"]
    assert made["code"] not in listed.text
    path = f"/api/admin/invitations/{listed.json()['items'][0]['id']}"
    assert (await root.delete(path)).status_code == 200
    assert (await root.delete(path)).status_code == 404
    assert (await root.get("/api/admin/invitations")).json()["items"] == []


def test_everything_that_leaves_a_line_can_be_looked_for_and_looked_up() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (BACKEND / "app").rglob("*.py"))
    things = set(re.findall(r'(?:note|record)\(\s*(?:\w+,\s*)?"([a-z_]+)\.[a-z_]+"', sources))
    assert len(things) > 12
    page = PROJECT_ROOT / "frontend/src/features/admin/components/AuditLog.tsx"
    offered = page.read_text(encoding="utf-8").partition("const things = [")[2].partition("];")[0]
    documented = (PROJECT_ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for thing in things:
        assert f"'{thing}'" in offered, f"the page does not offer {thing}"
        assert f"`{thing}`" in documented, f"docs/operations.md does not name {thing}"
