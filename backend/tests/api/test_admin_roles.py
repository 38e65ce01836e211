"""Every door of administration against every role: a route that is added later is in this test before it is anywhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

_FOR_OPERATORS = {
    ("get", "/api/admin/health"),
    ("get", "/api/admin/stats"),
    ("get", "/api/admin/pulse"),
    ("get", "/api/admin/timeline"),
    ("get", "/api/admin/live"),
    ("post", "/api/admin/live/{turn_id}/cancel"),
    ("get", "/api/admin/events"),
    ("get", "/api/admin/users"),
    ("get", "/api/admin/usage"),
    ("get", "/api/admin/usage/export"),
    ("get", "/api/admin/users/{user_id}/limits"),
}
_VALUES = {"user_id": "999999"}


@pytest.fixture
async def staff(chat_portal: ChatPortal) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Somebody of each role, and an administrator's key without the scope `admin`."""
    clients: dict[str, httpx.AsyncClient] = {}
    for role in ("user", "operator", "admin"):
        email = f"{role}@example.org"
        password = await create_with_one_time_password(chat_portal.runtime.database, email, role)  # type: ignore[arg-type]
        client = clients[role] = httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20)
        for path, body in (
            ("login", {"email": email, "password": password}),
            ("change-password", {"current_password": password, "new_password": PASSWORD}),
        ):
            token = (await client.post(f"/api/auth/{path}", json=body)).json()["access_token"]
            client.headers["authorization"] = f"Bearer {token}"
    wish = {"name": "a program", "scopes": ["chat", "gateway"]}
    key = (await clients["admin"].post("/api/keys", json=wish)).json()["key"]
    headers = {"authorization": f"Bearer {key}"}
    clients["key"] = httpx.AsyncClient(base_url=chat_portal.base_url, headers=headers, timeout=20)
    yield clients
    for client in clients.values():
        await client.aclose()


async def test_every_door_of_administration_is_for_its_roles_alone(
    staff: dict[str, httpx.AsyncClient],
) -> None:
    document = (await staff["admin"].get("/openapi.json")).json()
    doors = {
        (method, path)
        for path, methods in document["paths"].items()
        if path.startswith("/api/admin")
        for method in methods
    }
    assert doors >= _FOR_OPERATORS
    assert len(doors) > 25
    wrong: list[str] = []
    for method, path in sorted(doors):
        url = path
        for name in (part[1:-1] for part in path.split("/") if part.startswith("{")):
            url = url.replace(f"{{{name}}}", _VALUES.get(name, 32 * "0"))
        allowed = {"admin", *({"operator"} if (method, path) in _FOR_OPERATORS else ())}
        for role, client in staff.items():
            async with client.stream(method.upper(), url, json={} if method != "get" else None) as answer:
                if (answer.status_code == 403) == (role in allowed) or answer.status_code in (401, 500):
                    wrong.append(f"{role}: {method} {path} {answer.status_code}")
    assert wrong == []
