"""A person takes along and deletes everything; what is too old goes; nothing of either can be forgotten."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import orjson
from sqlalchemy import MetaData, func, select

from app.account.ownership import OWNER_COLUMNS, condition, owned_tables
from app.attachments.tables import Attachment
from app.audit.tables import AuditRow
from app.chat.tables import MessageRow, SessionRow, TurnRow
from app.db.registry import load_metadata
from app.gateway.tables import Conversation, ConversationItem
from app.retention.service import Retention
from app.usage.tables import UsageRow
from tests.api.chat_portal import PASSWORD, ChatPortal, say, usage_rows

# what stays when an account goes, and why
_KEPT = {
    "audit_log": "what was done stays known; RETENTION_AUDIT_DAYS removes it",
    "usage_rows": "what was used stays counted, by a number that names nobody any more",
    "usage_days": "as above",
}


def _tables() -> MetaData:
    return load_metadata()


def test_no_table_with_somebody_in_it_is_forgotten() -> None:
    owned = {table.name for table in owned_tables(_tables())}
    for table in _tables().sorted_tables:
        points_at_users = any(key.column.table.name == "users" for key in table.foreign_keys)
        names_somebody = any("user_id" in column.name or "owner" in column.name for column in table.columns)
        if points_at_users or names_somebody or set(OWNER_COLUMNS) & set(table.c.keys()):
            assert table.name in owned, f"{table.name}: account/ownership.py does not know whose its rows are"


def test_every_row_of_a_person_goes_with_the_account_or_is_kept_for_a_reason() -> None:
    for table in owned_tables(_tables()):
        if table.name in _KEPT or table.name == "users":
            continue
        rules = {key.ondelete for key in table.foreign_keys}
        assert rules <= {"CASCADE", "SET NULL"}, table.name
        assert rules, f"{table.name}: nothing deletes its rows with the account"


async def _fill(client: httpx.AsyncClient) -> None:
    await say(client, "s1", "a private word")
    await client.post("/api/keys", json={"name": "a game"})
    await client.post("/api/devices", json={"name": "robot", "projects": ["maze"]})
    await client.post("/api/templates", json={"title": "Poet", "content": "Rhyme."})
    await client.post("/api/sessions/s1/share", json={})
    asked = {"input": "A word to a program."}
    conversation = await client.post(
        "/v1/conversations", json={"items": [{"role": "user", "content": "Hello!"}]}
    )
    assert (
        await client.post("/v1/responses", json={**asked, "conversation": conversation.json()["id"]})
    ).is_success
    made = await client.post("/api/attachments", params={"name": "notes.txt"}, content=b"my notes")
    assert made.status_code == 201, made.text


async def test_the_export_has_everything_and_no_secret(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    await _fill(ada)
    await say(eve, "s1", "somebody else's word")
    taken = await ada.get("/api/account/export")
    assert taken.status_code == 200, taken.text
    assert "prompt-portal-account.zip" in taken.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(taken.content))
    assert archive.testzip() is None
    names = archive.namelist()
    for table in owned_tables(_tables()):
        assert f"tables/{table.name}.ndjson" in names
    tables = {name: archive.read(name).splitlines() for name in names if name.startswith("tables/")}
    for name in (
        "sessions",
        "messages",
        "turns",
        "shares",
        "api_keys",
        "devices",
        "templates",
        "sign_ins",
        "v1_conversation_items",
    ):
        assert tables[f"tables/{name}.ndjson"], name
    assert [archive.read(name) for name in names if name.startswith("files/")] == [b"my notes"]
    conversations = orjson.loads(archive.read("conversations.json"))
    assert [session["id"] for session in conversations["sessions"]] == ["s1"]
    everything = b"\n".join(archive.read(name) for name in names)
    assert b"a private word" in everything
    for foreign in (b"somebody else", b"eve@example.org", b"_hash", b"$argon2", b'"salt"'):
        assert foreign not in everything, foreign
    key = (await ada.post("/api/keys", json={"name": "k"})).json()["key"]
    by_key = await ada.get("/api/account/export", headers={"authorization": f"Bearer {key}"})
    assert by_key.status_code == 403


async def test_nothing_of_a_deleted_account_is_left(
    chat_portal: ChatPortal, ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    await _fill(ada)
    await _fill(eve)
    user_id = int((await ada.get("/api/auth/me")).json()["id"])

    async def counts() -> dict[str, int]:
        found: dict[str, int] = {}
        async with chat_portal.runtime.database.reading() as session:
            for table in owned_tables(_tables()):
                mine = condition(table, user_id)
                assert mine is not None
                query = select(func.count()).select_from(table).where(mine)
                found[table.name] = int(await session.scalar(query) or 0)
        return found

    before = await counts()
    assert before["messages"] > 0
    assert before["v1_conversation_items"] == 3
    assert before["attachment_contents"] > 0
    gone = await ada.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert gone.status_code == 200
    left = {name for name, count in (await counts()).items() if count}
    assert left <= set(_KEPT), left
    assert (await eve.get("/api/sessions")).json()["items"], "nobody else's"


_WITH = {"sessions": {"messages"}, "v1_conversations": {"v1_conversation_items"}}


class _Later:
    def __init__(self, days: int) -> None:
        self._days = days

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self._days)

    def monotonic(self) -> float:
        return 0.0


async def test_what_is_too_old_goes_and_all_else_stays(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    await _fill(ada)
    await say(ada, "pinned", "keep this")
    await ada.patch("/api/sessions/pinned", json={"pinned": True})
    database, settings = chat_portal.runtime.database, chat_portal.runtime.settings
    await usage_rows(chat_portal, 3)  # they are written behind the answers
    async with database.transaction() as session:
        session.add(_usage_row())
    tables = (SessionRow, MessageRow, TurnRow, UsageRow, AuditRow, Attachment, Conversation, ConversationItem)

    async def counts() -> dict[str, int]:
        found: dict[str, int] = {}
        async with database.reading() as session:
            for table in tables:
                count = await session.scalar(select(func.count()).select_from(table))
                found[table.__tablename__] = int(count or 0)
        return found

    assert await Retention(database, settings, _Later(1000)).sweep() == {}, "only what is set is removed"
    for kind, table, gone in (
        ("turns", "turns", 2),
        ("usage", "usage_rows", None),
        ("attachments", "attachments", 1),
        ("sessions", "sessions", 1),
        ("v1_conversations", "v1_conversations", 1),
        ("audit", "audit_log", None),
    ):
        limited = settings.model_copy(update={f"retention_{kind}_days": 30})
        before = await counts()
        assert await Retention(database, limited, _Later(29)).sweep() == {kind: 0}
        assert await counts() == before, kind
        removed = (await Retention(database, limited, _Later(31)).sweep())[kind]
        after = await counts()
        own_lines = 5 if kind == "audit" else 0  # of the five kinds before, written within the 30 days
        assert removed == (gone or before[table] - own_lines), kind
        after["audit_log"] -= 1  # that something was removed is a line
        changed = {name for name in after if after[name] != before[name]}
        assert changed == {table} | _WITH.get(kind, set()), kind
        assert after[table] == before[table] - removed, kind
    names = [one["id"] for one in (await ada.get("/api/sessions")).json()["items"]]
    assert names == ["pinned"]
    assert await say(ada, "pinned", "and go on"), "a conversation goes on without its old turns"


def _usage_row() -> UsageRow:
    numbers = dict.fromkeys(
        ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cost_nanos"), 1
    )
    return UsageRow(
        id="0" * 32,
        created_at=datetime.now(UTC),
        door="v1",
        operation="chat",
        status="complete",
        is_estimated=False,
        is_cache_hit=False,
        request_id="",
        **numbers,
    )
