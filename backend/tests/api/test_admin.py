"""The doors for operators: who may enter, what they show, and that what they change holds at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from app.config import Settings
from app.users.service import create_with_one_time_password
from tests.api.chat_portal import PASSWORD, ChatPortal, parse_frame, say
from tests.fakes.reply import Reply

TOKEN = "a-token-for-prometheus"
SignIn = Callable[[str, str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def chat_overrides() -> dict[str, object]:
    from pydantic import SecretStr

    return {"metrics_token": SecretStr(TOKEN)}


@pytest.fixture
async def staff(chat_portal: ChatPortal) -> AsyncIterator[SignIn]:
    """`await staff("root@example.org", "admin")` signs somebody in who has a role."""
    clients: list[httpx.AsyncClient] = []

    async def make(email: str, role: str) -> httpx.AsyncClient:
        password = await create_with_one_time_password(chat_portal.runtime.database, email, role)  # type: ignore[arg-type]
        client = httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20)
        clients.append(client)
        login = await client.post("/api/auth/login", json={"email": email, "password": password})
        client.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        changed = await client.post(
            "/api/auth/change-password", json={"current_password": password, "new_password": PASSWORD}
        )
        client.headers["authorization"] = f"Bearer {changed.json()['access_token']}"
        return client

    yield make
    for client in clients:
        await client.aclose()


async def _id_of(client: httpx.AsyncClient) -> int:
    return int((await client.get("/api/auth/me")).json()["id"])


async def test_only_operators_see_and_only_administrators_change(
    ada: httpx.AsyncClient, staff: SignIn
) -> None:
    operator, admin = await staff("op@example.org", "operator"), await staff("root@example.org", "admin")
    ada_id = await _id_of(ada)
    for path in ("health", "stats", "live", "users", "events"):
        refused = await ada.get(f"/api/admin/{path}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "operator_only"), path
    for path in ("health", "stats", "live", "users"):
        assert (await operator.get(f"/api/admin/{path}")).status_code == 200, path
    assert (await operator.get("/api/admin/audit")).status_code == 403
    for client, expected in ((ada, 403), (operator, 403), (admin, 200)):
        changed = await client.patch(f"/api/admin/users/{ada_id}", json={"role": "operator"})
        assert changed.status_code == expected
    assert (await ada.get("/api/admin/health")).status_code == 200


async def test_health_says_what_is_wrong_since_when_and_what_to_do(
    chat_portal: ChatPortal, staff: SignIn
) -> None:
    operator = await staff("op@example.org", "operator")
    read = (await operator.get("/api/admin/health")).json()
    parts = {part["name"]: part for part in read["components"]}
    assert read["status"] in ("ok", "degraded")  # the test machine's disk may be nearly full
    assert {"database", "coordination", "model", "queue", "disk", "mqtt_bridge"} <= set(parts)
    assert (parts["database"]["state"], parts["model"]["state"]) == ("ok", "ok")
    assert parts["mqtt_bridge"]["state"] == "off"
    await chat_portal.upstream.stop()
    async with asyncio.timeout(15):
        while parts["model"]["state"] != "down":
            await asyncio.sleep(0.2)
            read = (await operator.get("/api/admin/health")).json()
            parts = {part["name"]: part for part in read["components"]}
    assert read["status"] == "down"
    assert "LLM_SERVER_URL" in parts["model"]["advice"]
    assert parts["model"]["since"] > parts["database"]["since"]


async def test_a_disabled_account_is_out_at_once_and_comes_back_only_by_signing_in(
    ada: httpx.AsyncClient, staff: SignIn
) -> None:
    admin = await staff("root@example.org", "admin")
    key = (await ada.post("/api/keys", json={"name": "a game"})).json()["key"]
    ada_id = await _id_of(ada)
    answer = await admin.patch(f"/api/admin/users/{ada_id}", json={"is_active": False})
    assert answer.json()["is_active"] is False
    assert (await ada.get("/api/sessions")).status_code == 401
    by_key = await ada.get("/api/sessions", headers={"authorization": f"Bearer {key}"})
    assert by_key.status_code == 401
    await admin.patch(f"/api/admin/users/{ada_id}", json={"is_active": True})
    assert (await ada.get("/api/sessions")).status_code == 401, "an ended sign-in stays ended"
    login = await ada.post("/api/auth/login", json={"email": "ada@example.org", "password": PASSWORD})
    assert login.status_code == 200


async def test_administrators_cannot_lock_everybody_out(ada: httpx.AsyncClient, staff: SignIn) -> None:
    admin = await staff("root@example.org", "admin")
    own = await admin.patch(f"/api/admin/users/{await _id_of(admin)}", json={"role": "user"})
    assert (own.status_code, own.json()["error"]["code"]) == (409, "own_account")
    nobody = await admin.patch("/api/admin/users/999999", json={"role": "user"})
    assert nobody.status_code == 404
    unknown = await admin.patch(f"/api/admin/users/{await _id_of(ada)}", json={"rôle": "user"})
    assert unknown.status_code == 422


async def test_the_audit_log_says_who_did_what_and_keeps_no_secret(
    ada: httpx.AsyncClient, staff: SignIn
) -> None:
    admin = await staff("root@example.org", "admin")
    await admin.patch(f"/api/admin/users/{await _id_of(ada)}", json={"role": "operator"})
    code = (await admin.post("/api/admin/invitations", json={"role": "user", "days": 3})).json()["code"]
    page = await admin.get("/api/admin/audit", params={"limit": 1})
    newest = page.json()["items"][0]
    assert (newest["actor"], newest["action"]) == ("root@example.org", "invitation.create")
    older = await admin.get("/api/admin/audit", params={"before": page.json()["next_before"]})
    line = older.json()["items"][0]
    assert (line["action"], line["subject"], line["details"]) == (
        "user.update",
        "ada@example.org",
        {"role": "operator"},
    )
    assert line["request_id"]
    assert code not in (await admin.get("/api/admin/audit")).text
    only = await admin.get("/api/admin/audit", params={"action": "user.update"})
    assert [row["action"] for row in only.json()["items"]] == ["user.update"]


async def test_stats_count_turns_by_door_model_and_user(ada: httpx.AsyncClient, staff: SignIn) -> None:
    for _ in range(3):
        await say(ada, "s1", "hello")
    operator = await staff("op@example.org", "operator")
    stats = (await operator.get("/api/admin/stats", params={"by": "user"})).json()
    assert stats["total"]["turns"] == 3
    assert stats["total"]["completion_tokens"] > 0
    assert [row["key"] for row in stats["groups"]] == ["ada@example.org"]
    assert stats["total"]["total_ms_p95"] >= stats["total"]["total_ms_p50"] > 0
    for by in ("hour", "door", "model", "device"):
        groups = (await operator.get("/api/admin/stats", params={"by": by})).json()["groups"]
        assert sum(row["turns"] for row in groups) == 3


async def test_the_last_minutes_are_shown_by_door_model_person_and_device(
    ada: httpx.AsyncClient, staff: SignIn
) -> None:
    for _ in range(2):
        await say(ada, "s1", "hello")
    operator = await staff("op@example.org", "operator")
    for by, key in (("door", "page"), ("user", "ada@example.org"), ("device", "none"), ("model", None)):
        read = (await operator.get("/api/admin/timeline", params={"by": by, "minutes": 60})).json()
        [series] = read["series"]
        assert key in (None, series["key"])
        assert sum(series["turns"]) == 2
        assert sum(series["tokens"]) > 0
        assert len(read["times"]) == len(series["ttft_ms_p50"]) == 60
        assert max(value for value in series["ttft_ms_p50"] if value is not None) > 0
    assert (await ada.get("/api/admin/timeline")).status_code == 403


async def test_an_operator_sees_and_stops_what_runs_without_reading_it(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, staff: SignIn
) -> None:
    operator = await staff("op@example.org", "operator")
    chat_portal.upstream.queue(Reply(stall_before_first=True))
    asking = asyncio.create_task(
        ada.post("/api/llm/chat/session", json={"session_id": "s", "message": "a private word"})
    )
    async with operator.stream("GET", "/api/admin/events") as events:
        live: list[dict[str, object]] = []
        buffer = b""
        async for piece in events.aiter_bytes():
            *frames, buffer = (buffer + piece).split(b"\n\n")
            for frame in frames:
                if not frame.startswith(b":"):
                    live = parse_frame(frame)[1]["live"]
            assert b"private" not in piece
            if live:
                break
    assert (live[0]["email"], live[0]["door"]) == ("ada@example.org", "page")
    stopped = await operator.post(f"/api/admin/live/{live[0]['turn_id']}/cancel")
    assert stopped.status_code == 200
    await asyncio.wait_for(asking, 10)
    assert (await operator.get("/api/admin/live")).json()["items"] == []
    gone = await operator.post(f"/api/admin/live/{live[0]['turn_id']}/cancel")
    assert gone.status_code == 404


async def test_metrics_need_their_token_and_have_bounded_labels(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    await say(ada, "s1", "hello")
    single = {"messages": [{"role": "user", "content": "hello"}]}
    assert (await ada.post("/api/llm/chat", json=single)).status_code == 200
    await ada.get("/api/sessions/a-name-of-somebody")
    await ada.get("/wp-admin/a-scanner")
    for headers in ({}, {"authorization": "Bearer wrong"}):
        async with httpx.AsyncClient(base_url=chat_portal.base_url, headers=headers) as stranger:
            assert (await stranger.get("/metrics")).status_code == 401
    text = (await ada.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})).text
    lines = text.splitlines()
    ended = [line for line in lines if line.startswith("portal_turns_total{")]
    assert len(ended) == 1
    assert 'door="page"' in ended[0]
    assert ended[0].endswith(" 1.0")
    every = [line for line in lines if line.startswith("portal_model_requests_total{")]
    assert len(every) == 1
    assert every[0].endswith(" 2.0"), "turns and single asks"
    assert "portal_model_up 1.0" in lines
    assert "portal_usage_rows_dropped 0.0" in lines
    assert 'route="/api/llm/chat/session"' in text
    for private in ("a-name-of-somebody", "a-scanner", "ada@example.org", "s1"):
        assert f'"{private}"' not in text
        assert f"/{private}" not in text


async def test_metrics_are_off_without_a_token(app_client: httpx.AsyncClient, settings: Settings) -> None:
    assert not settings.metrics_token.get_secret_value()
    assert (await app_client.get("/metrics", headers={"authorization": "Bearer "})).status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_monitors_may_ask_for_the_head_alone(app_client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/", "/templates"):
        assert (await app_client.head(path)).status_code == 200, path
    assert (await app_client.head("/api/nothing")).status_code == 404
