"""/api/sessions: list, search, create, change, delete with undo, branches."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from app.chat.session_service import UNDO_WINDOW, SessionService
from tests.api.chat_portal import ChatPortal, say
from tests.fakes.reply import Reply


async def test_a_session_is_created_read_changed_and_listed(ada: httpx.AsyncClient) -> None:
    made = await ada.post(
        "/api/sessions", json={"id": "maze-7", "title": " The maze ", "system_prompt": "Be brief."}
    )
    assert made.status_code == 201
    assert made.json() | {"created_at": 0, "updated_at": 0} == {
        "id": "maze-7",
        "title": "The maze",
        "title_source": "user",
        "model": None,
        "folder": None,
        "pinned": False,
        "archived": False,
        "created_at": 0,
        "updated_at": 0,
        "active_turn_id": None,
    }
    assert made.json()["created_at"].endswith("Z")
    again = await ada.post("/api/sessions", json={"id": "maze-7"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "session_exists")
    changed = await ada.patch(
        "/api/sessions/maze-7", json={"folder": "games", "pinned": True, "system_prompt": None}
    )
    assert (changed.json()["folder"], changed.json()["pinned"]) == ("games", True)
    detail = (await ada.get("/api/sessions/maze-7")).json()
    assert (detail["system_prompt"], detail["messages"], detail["active_turn"]) == (None, [], None)
    listed = (await ada.get("/api/sessions", params={"folder": "games"})).json()
    assert [item["id"] for item in listed["items"]] == ["maze-7"]
    assert (await ada.get("/api/sessions", params={"folder": "work"})).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": None}, "title"),
        ({"pinned": None}, "pinned"),
        ({"titel": "x"}, "titel"),
        ({"title": "x" * 201}, "title"),
        ({"system_prompt": "a\x00b"}, "system_prompt"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_wrong_field_is_named(ada: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    await ada.post("/api/sessions", json={"id": "s"})
    answer = await ada.patch("/api/sessions/s", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["fields"][0]["field"] == field


async def test_pages_hold_every_session_once_pinned_first(ada: httpx.AsyncClient) -> None:
    for number in range(7):
        await ada.post("/api/sessions", json={"id": f"s{number}"})
    await ada.patch("/api/sessions/s1", json={"pinned": True})
    await ada.patch("/api/sessions/s4", json={"pinned": True})
    await ada.patch("/api/sessions/s6", json={"archived": True})
    await say(ada, "s2", "now the newest")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await ada.get("/api/sessions", params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["s4", "s1", "s2", "s5", "s3", "s0"]
    archived = (await ada.get("/api/sessions", params={"archived": True})).json()
    assert [item["id"] for item in archived["items"]] == ["s6"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsICIyMDI2IiwgIlx1MDAwMCJd", "WzEsICJub3ciLCAieCJd"])
async def test_a_made_up_cursor_is_refused(ada: httpx.AsyncClient, cursor: str) -> None:
    answer = await ada.get("/api/sessions", params={"cursor": cursor})
    assert answer.status_code == 422


async def test_search_finds_titles_and_texts_in_any_case_and_takes_wildcards_as_they_are(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    await ada.post("/api/sessions", json={"id": "title", "title": "Über MÜNCHEN"})
    await say(ada, "text", "wie weit ist es nach münchen? 100% sicher_nicht")
    await say(eve, "hers", "münchen")
    hits = (await ada.get("/api/sessions/search", params={"q": "MÜNchen"})).json()["items"]
    assert {(hit["session_id"], hit["role"]) for hit in hits} >= {
        ("title", None),
        ("text", "user"),
        ("text", "assistant"),
    }
    assert {hit["session_id"] for hit in hits} == {"title", "text"}
    assert all("münchen" in hit["snippet"].lower() for hit in hits)
    for query, expected in (
        ("100%", {"text"}),
        ("sicher_n", {"text"}),
        ("1%0", set()),
        ("r_n\\", set()),
        ("  ", set()),
    ):
        hits = (await ada.get("/api/sessions/search", params={"q": query})).json()["items"]
        assert {hit["session_id"] for hit in hits} == expected, query


async def test_a_title_comes_from_the_first_message_and_a_persons_own_stays(ada: httpx.AsyncClient) -> None:
    await say(
        ada, "auto", "Which   way is\nout of this maze, and how long will it take me to walk there on foot?"
    )
    title = (await ada.get("/api/sessions/auto")).json()["title"]
    assert title.startswith("Which way is out of this maze") and title.endswith("…") and len(title) <= 60
    await ada.patch("/api/sessions/auto", json={"title": "Mine"})
    await say(ada, "auto", "another message")
    named = (await ada.get("/api/sessions/auto")).json()
    assert (named["title"], named["title_source"]) == ("Mine", "user")


async def test_a_deleted_session_can_be_brought_back_for_a_day(
    chat_portal: ChatPortal, ada: httpx.AsyncClient
) -> None:
    await say(ada, "s", "keep me")
    assert (await ada.delete("/api/sessions/s")).json() == {"ok": True}
    assert (await ada.get("/api/sessions/s")).status_code == 404
    assert (await ada.delete("/api/sessions/s")).status_code == 404
    restored = await ada.post("/api/sessions/s/restore")
    assert restored.status_code == 200
    assert len((await ada.get("/api/sessions/s")).json()["messages"]) == 2
    await ada.delete("/api/sessions/s")
    await say(ada, "s", "a new one of the same name")
    assert (await ada.post("/api/sessions/s/restore")).status_code == 409
    await ada.delete("/api/sessions/s")

    class Tomorrow:
        def now(self) -> Any:
            return chat_portal.runtime.clock.now() + UNDO_WINDOW + timedelta(minutes=1)

        def monotonic(self) -> float:
            return chat_portal.runtime.clock.monotonic()

    later = SessionService(chat_portal.runtime.database, chat_portal.runtime.sessions.cancel, Tomorrow())
    assert await later.purge() == 2
    assert (await ada.post("/api/sessions/s/restore")).status_code == 404


async def test_branches_of_edits_and_other_answers_can_be_switched(ada: httpx.AsyncClient) -> None:
    first = await say(ada, "s", "q0")
    second = await say(ada, "s", "q1")
    edited = await say(ada, "s", "q1 edited", parent_id=first["assistant_message_id"])
    tree = (await ada.get("/api/sessions/s")).json()
    assert tree["active_leaf_id"] == edited["assistant_message_id"]
    assert len(tree["messages"]) == 6
    switched = await ada.post("/api/sessions/s/leaf", json={"message_id": second["user_message_id"]})
    assert switched.json() == {"active_leaf_id": second["assistant_message_id"]}
    history = (await ada.get("/api/llm/chat/session/s/history")).json()["messages"]
    assert [message["content"] for message in history] == ["q0", "You said: q0", "q1", "You said: q1"]
    again = await say(ada, "s", None, regenerate_of=second["assistant_message_id"])
    assert again["user_message_id"] == second["user_message_id"]
    unknown = await ada.post("/api/sessions/s/leaf", json={"message_id": "nothing"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "message_not_found")


@pytest.mark.parametrize("session_id", ["none", "%00", "%E2%82%AC", "x" * 400])
async def test_an_unknown_session_is_404_everywhere(ada: httpx.AsyncClient, session_id: str) -> None:
    path = f"/api/sessions/{session_id}"
    answers = [
        await ada.get(path),
        await ada.patch(path, json={"title": "x"}),
        await ada.delete(path),
        await ada.post(f"{path}/restore"),
        await ada.post(f"{path}/leaf", json={"message_id": "m"}),
        await ada.get(f"/api/llm/chat/session/{session_id}/history"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    cleared = await ada.delete(f"/api/llm/chat/session/{session_id}")
    assert (cleared.status_code, cleared.json()["ok"]) == (200, True)


async def test_another_persons_session_does_not_exist(ada: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    mine = await say(ada, "s", "a secret")
    answers = [
        await eve.get("/api/sessions/s"),
        await eve.patch("/api/sessions/s", json={"title": "hers"}),
        await eve.delete("/api/sessions/s"),
        await eve.post("/api/sessions/s/restore"),
        await eve.post("/api/sessions/s/leaf", json={"message_id": mine["user_message_id"]}),
        await eve.get("/api/llm/chat/session/s/history"),
        await eve.post("/api/llm/chat/session/history", json={"session_id": "s"}),
        await eve.get(f"/api/llm/turns/{mine['turn_id']}"),
        await eve.get(f"/api/llm/turns/{mine['turn_id']}/events"),
        await eve.get(f"/api/llm/turns/{mine['turn_id']}/ledger"),
        await eve.post(f"/api/llm/turns/{mine['turn_id']}/cancel"),
        await eve.post(
            "/api/llm/chat/session", json={"session_id": "s2", "regenerate_of": mine["user_message_id"]}
        ),
        await eve.post(
            "/api/llm/chat/session",
            json={"session_id": "s2", "message": "x", "parent_id": mine["assistant_message_id"]},
        ),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert all("a secret" not in answer.text for answer in answers)
    await eve.delete("/api/llm/chat/session/s")
    assert (await eve.get("/api/sessions")).json()["items"] == []
    kept = (await ada.get("/api/sessions/s")).json()
    assert (kept["title"], len(kept["messages"])) == ("a secret", 2)


async def test_an_open_page_hears_what_other_doors_change(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    heard: asyncio.Queue[list[str] | None] = asyncio.Queue()

    async def listen() -> None:
        async with ada.stream("GET", "/api/sessions/changes") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    heard.put_nowait(orjson.loads(line[6:])["session_ids"])

    async def hears(session_id: str | None) -> None:
        async with asyncio.timeout(5):
            while (ids := await heard.get()) is not None:
                assert "of-eve" not in ids
                if session_id in ids:
                    return
        assert session_id is None

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(5):
        assert await heard.get() == []
    await say(eve, "of-eve", "hello")
    await say(ada, "said", "hello")
    await hears("said")
    await ada.post("/api/sessions", json={"id": "made"})
    await hears("made")
    await ada.patch("/api/sessions/made", json={"title": "Better"})
    await hears("made")
    await ada.post("/api/sessions/folders/fill", json={"name": "games", "session_ids": ["made"]})
    await hears(None)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_an_answer_that_says_nothing_is_not_sent_again(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    upstream = chat_portal.upstream
    upstream.queue(Reply(text="", reasoning="Let me think, and think", finish_reason="length"))
    thought = await say(ada, "s", "q0")
    assert (thought["response"], thought["finish_reason"]) == ("", "length")
    await say(ada, "s", "q1")
    await say(ada, "s", "q2")
    sent = [item["content"] for item in upstream.requests[-1].body["messages"]]
    assert sent == ["q1", "You said: q1", "q2"]
    shown = (await ada.get("/api/sessions/s")).json()["messages"]
    assert [message["content"] for message in shown] == ["q0", "", "q1", "You said: q1", "q2", "You said: q2"]
