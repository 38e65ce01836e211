"""Conversations leave as files and come back: nothing is lost, nobody else's is touched, broken ones are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.session import DatabaseUnavailableError
from tests.api.chat_portal import ChatPortal, say
from tests.fakes.reply import Reply

SAMPLES = Path(__file__).parents[1] / "samples"


def _sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def _by_place(document: dict[str, Any]) -> dict[str, Any]:
    """A conversation without its ids: each message names the place of its parent instead."""
    places: dict[str | None, int | None] = {m["id"]: place for place, m in enumerate(document["messages"])}
    places[None] = None
    messages = [m | {"id": None, "parent_id": places[m["parent_id"]]} for m in document["messages"]]
    return document | {"id": None, "active_leaf_id": places[document["active_leaf_id"]], "messages": messages}


async def _import(client: httpx.AsyncClient, document: Any) -> dict[str, Any]:
    answer = await client.post("/api/sessions/import", json=document)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _export(client: httpx.AsyncClient, session_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/sessions/{session_id}/export")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _rich_session(ada: httpx.AsyncClient, portal: ChatPortal) -> None:
    """A conversation with branches, reasoning, a failed answer, and everything that can be set."""
    portal.upstream.queue(
        Reply(text="North.", reasoning="The south is walled."),
        Reply(text="East, said the 🦊."),
        Reply(text="West.", reasoning="Hm."),
        Reply(status=500, error="no"),
    )
    await say(ada, "maze-7", "Which way is out?", system_prompt="You know the maze.")
    await say(ada, "maze-7", "And then?")
    await say(ada, "maze-7", None, regenerate_of=await _answer_of(ada, "North."))
    await ada.post("/api/llm/chat/session", json={"session_id": "maze-7", "message": "This one fails."})
    wish = {"title": "Der Weg hinaus / 出口", "folder": "games", "pinned": True, "model": "fake-model"}
    assert (await ada.patch("/api/sessions/maze-7", json=wish)).status_code == 200


async def _answer_of(ada: httpx.AsyncClient, text: str) -> str:
    messages = (await ada.get("/api/sessions/maze-7")).json()["messages"]
    return str(next(m["id"] for m in messages if m["content"] == text))


async def test_what_is_exported_and_imported_is_the_same_conversation(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    await _rich_session(ada, chat_portal)
    exported = await _export(ada, "maze-7")
    assert exported["format"] == "prompt-portal.session/1"
    assert {m["status"] for m in exported["messages"]} == {"complete", "failed"}
    assert [m["reasoning"] for m in exported["messages"] if m["reasoning"]] == ["The south is walled.", "Hm."]
    assert len(exported["messages"]) == 7
    (copy,) = (await _import(eve, exported))["imported"]
    assert (copy["title"], copy["messages"]) == ("Der Weg hinaus / 出口", 7)
    again = await _export(eve, copy["session_id"])
    assert _by_place(again) == _by_place(exported)
    assert not {m["id"] for m in again["messages"]} & {m["id"] for m in exported["messages"]}
    assert again["id"] != exported["id"]


async def test_an_imported_conversation_goes_on_branches_and_is_found(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    chatgpt = _sample("chatgpt_conversations.json")
    result = await _import(ada, chatgpt)
    session_id = result["imported"][0]["session_id"]
    assert result["skipped"] == [
        {"index": 1, "title": "A loop", "reason": "Its messages form a loop."},
        {"index": 2, "title": "Nothing said", "reason": "It has no messages."},
    ]
    found = (await ada.get("/api/sessions/search", params={"q": "SEVEN steps"})).json()["items"]
    assert [item["session_id"] for item in found] == [session_id]
    await say(ada, session_id, "Thank you.")
    sent = [m["content"] for m in chat_portal.upstream.requests[-1].body["messages"]]
    assert sent == [
        "[image]\n\nWhich way is out?",
        "Let me count the steps.\n\nSeven steps north.",
        "And after that?",
        "Through the <script>alert(1)</script> door.",
        "Thank you.",
    ]
    detail = (await ada.get(f"/api/sessions/{session_id}")).json()
    north = next(m for m in detail["messages"] if m["content"] == "North, I think.")
    await say(ada, session_id, None, regenerate_of=north["id"])
    switched = await ada.post(f"/api/sessions/{session_id}/leaf", json={"message_id": north["id"]})
    assert switched.json()["active_leaf_id"] == north["id"]
    assert detail["created_at"] == "2025-11-24T16:00:00.250000Z"


async def test_a_model_that_is_not_here_does_not_keep_a_conversation_from_going_on(
    ada: httpx.AsyncClient,
) -> None:
    await say(ada, "maze-7", "Which way?")
    exported = await _export(ada, "maze-7") | {"model": "a-model-of-another-portal"}
    session_id = (await _import(ada, exported))["imported"][0]["session_id"]
    assert (await ada.get(f"/api/sessions/{session_id}")).json()["model"] is None
    await say(ada, session_id, "And then?")


async def test_a_file_by_hand_goes_on_where_it_ends(ada: httpx.AsyncClient, chat_portal: ChatPortal) -> None:
    at = {"created_at": "2026-11-21T09:30:00Z"}
    calls = [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    messages = [
        {"id": "1", "role": "user", "content": "Which way?", **at},
        {"id": "2", "parent_id": "1", "role": "assistant", "content": "South.", **at},
        {"id": "3", "parent_id": "1", "role": "assistant", "content": "North.", "tool_calls": calls, **at},
    ]
    about = {
        "format": "prompt-portal.session/1",
        "title": " ",
        "folder": " \t ",
        "updated_at": at["created_at"],
    }
    [copy] = (await _import(ada, {**about, **at, "messages": messages}))["imported"]
    detail = (await ada.get(f"/api/sessions/{copy['session_id']}")).json()
    assert (detail["title"], detail["folder"]) == ("Which way?", None)
    assert detail["active_leaf_id"] == detail["messages"][2]["id"]
    await say(ada, copy["session_id"], "And then?")
    sent = chat_portal.upstream.requests[-1].body["messages"]
    # what a call gave is not in a conversation, and servers refuse a call that nothing answers
    assert sent == [
        {"role": "user", "content": "Which way?"},
        {"role": "assistant", "content": "North."},
        {"role": "user", "content": "And then?"},
    ]


async def test_open_webuis_chats_come_in(ada: httpx.AsyncClient) -> None:
    imported = (await _import(ada, _sample("open_webui_chats.json")))["imported"]
    assert [(each["title"], each["messages"]) for each in imported] == [
        ("Doors and keys", 4),
        ("New Chat", 2),
    ]
    archived = (await ada.get("/api/sessions", params={"archived": True})).json()["items"]
    assert [item["title"] for item in archived] == ["Doors and keys"]


async def test_the_same_file_twice_makes_copies_and_overwrites_nothing(ada: httpx.AsyncClient) -> None:
    await say(ada, "maze-7", "Which way?")
    exported = await _export(ada, "maze-7")
    first = (await _import(ada, exported))["imported"][0]["session_id"]
    second = (await _import(ada, exported))["imported"][0]["session_id"]
    assert len({"maze-7", first, second}) == 3
    assert await _export(ada, "maze-7") == exported


async def test_all_conversations_leave_in_one_document_and_come_back(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    for number in range(3):
        await say(ada, f"s{number}", f"question {number}")
    await ada.patch("/api/sessions/s1", json={"archived": True})
    await say(ada, "gone", "forget this")
    await ada.delete("/api/sessions/gone")
    await say(eve, "hers", "not Ada's")
    answer = await ada.get("/api/sessions/export")
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="prompt-portal-conversations.json"'
    )
    archive = answer.json()
    assert archive["format"] == "prompt-portal.sessions/1"
    assert [session["id"] for session in archive["sessions"]] == ["s0", "s1", "s2"]
    assert archive["sessions"][0] == await _export(ada, "s0")
    imported = (await _import(eve, archive))["imported"]
    assert [each["title"] for each in imported] == ["question 0", "question 1", "question 2"]
    assert (await _import(ada, {"format": "prompt-portal.sessions/1", "sessions": []}))["imported"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_empty_account_exports_an_empty_document(ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/api/sessions/export")).json()["sessions"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_markdown_has_the_active_branch_only(ada: httpx.AsyncClient, chat_portal: ChatPortal) -> None:
    await _rich_session(ada, chat_portal)
    chat_portal.upstream.queue(Reply(text="Run this:\n```sh\nls"))
    await say(ada, "maze-7", "How do I look?")
    answer = await ada.get("/api/sessions/maze-7/export", params={"format": "markdown"})
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Der Weg hinaus.md\"; filename*=UTF-8''Der%20Weg%20hinaus%20%E5%87%BA%E5%8F%A3.md"
    )
    text = answer.text
    assert text.startswith("# Der Weg hinaus / 出口\n")
    assert "East, said the" not in text and "North." not in text
    model = (await ada.get("/api/sessions/maze-7")).json()["messages"][1]["model"]
    beginning = f"## User\n\nWhich way is out?\n\n## Assistant · {model}\n\n<details><summary>Reasoning</summary>\n\nHm."
    assert beginning in text
    assert "*(failed)*" in text
    assert text.endswith("Run this:\n```sh\nls\n```\n")  # the block is closed, though the answer did not


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({}, 422, "unknown_format"),
        ([{"hello": "world"}], 422, "unknown_format"),
        ([{"mapping": {}}] * 1001, 422, "too_many_conversations"),
        ("text", 422, "validation_error"),
        (7, 422, "validation_error"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_no_export_is_refused(
    ada: httpx.AsyncClient, document: Any, status: int, code: str
) -> None:
    answer = await ada.post("/api/sessions/import", json=document)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await ada.get("/api/sessions")).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"mapping": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
        b'[{"mapping":',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_hostile_bytes_are_the_callers_error(ada: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await ada.post("/api/sessions/import", content=body, headers=headers)
    assert answer.status_code == 400


async def test_text_that_no_database_stores_is_replaced(ada: httpx.AsyncClient) -> None:
    body = (
        b'[{"title": "a\\u0000b\\ud800", "create_time": 1e400, "mapping": {"u\\u0000": {"parent": "\\ud800", "message": '
        b'{"author": {"role": "user"}, "content": {"parts": ["nul \\u0000 half \\ud83d"]}}}}},'
        b'{"title": "\\ud800\\u0000", "mapping": {}}]'
    )
    answer = await ada.post(
        "/api/sessions/import", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    (imported,) = answer.json()["imported"]
    messages = (await _export(ada, imported["session_id"]))["messages"]
    assert messages[0]["content"] == "nul \ufffd half ?"
    assert len(answer.json()["skipped"]) == 1


@pytest.mark.parametrize("chat_overrides", [{"max_body_bytes": 20_000}])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_file_that_is_too_large_is_refused(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/api/sessions/import", json=[{"mapping": {}, "title": "x" * 30_000}])
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_database_that_goes_away_in_the_middle_is_told(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came in is named, so that nobody sends it again; before that nothing has happened."""
    imports = chat_portal.runtime.imports
    store, calls = imports._store, 0

    async def fail_from_second_on(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise DatabaseUnavailableError
        return await store(*arguments)

    monkeypatch.setattr(imports, "_store", fail_from_second_on)
    chats = _sample("open_webui_chats.json")
    result = await _import(ada, chats)
    assert [each["title"] for each in result["imported"]] == ["Doors and keys"]
    assert [(each["index"], each["reason"][:28]) for each in result["skipped"]] == [
        (1, "The portal's database does n")
    ]
    assert (await ada.post("/api/sessions/import", json=chats)).status_code == 503


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_others_conversations_are_not_exported(ada: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    await say(ada, "maze-7", "mine")
    for format in ("json", "markdown"):
        answer = await eve.get("/api/sessions/maze-7/export", params={"format": format})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session_not_found")
    assert (await ada.get("/api/sessions/maze-7/export", params={"format": "pdf"})).status_code == 422
