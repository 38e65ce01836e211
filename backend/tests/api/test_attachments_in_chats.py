"""Files in turns: documents reach the model verbatim and the prefix stays; images only go to models that see."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from PIL import Image

from tests.api.chat_portal import ChatPortal, read_stream, say
from tests.fakes import files
from tests.fakes.upstream import FakeUpstream, Reply

RULES = "No running.\n\nDoors open with «grün» keys.\t{{ not a template }}"


@pytest.fixture
def has_vision() -> bool:
    return True


@pytest.fixture
async def upstream(has_vision: bool) -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(has_vision=has_vision) as server:
        yield server


blind = pytest.mark.parametrize("has_vision", [False])


async def upload(client: httpx.AsyncClient, name: str, data: bytes) -> str:
    made = await client.post("/api/attachments", params={"name": name}, content=data)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def ask(client: httpx.AsyncClient, session_id: str, message: str | None, **more: Any) -> httpx.Response:
    body = {"session_id": session_id, "message": message, **more}
    return await client.post("/api/llm/chat/session", json=body)


async def messages_of(client: httpx.AsyncClient, session_id: str) -> list[dict[str, Any]]:
    return list((await client.get(f"/api/sessions/{session_id}")).json()["messages"])


def sent(upstream: FakeUpstream, number: int = -1) -> list[dict[str, Any]]:
    return list(upstream.requests[number].body["messages"])


def document(name: str, text: str) -> dict[str, str]:
    return {"type": "text", "text": f"File: {name}\n\n{text}"}


def picture(data: bytes, media_type: str = "image/png") -> dict[str, Any]:
    return {
        "type": "image_url",
        "image_url": {"url": f"data:{media_type};base64,{base64.b64encode(data).decode()}"},
    }


async def test_a_document_reaches_the_model_verbatim_and_the_prefix_stays(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    rules = await upload(ada, "rules.md", RULES.encode())
    plan = await upload(ada, "plan.docx", files.docx(files.paragraph("Go north.")))
    await say(ada, "s", "What is allowed?", attachments=[rules, plan], system_prompt="Be brief.")
    expected = [
        {"type": "text", "text": "What is allowed?"},
        document("rules.md", RULES),
        document("plan.docx", "Go north."),
    ]
    assert sent(upstream) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": expected},
    ]
    await say(ada, "s", "And then?")
    first, second = (orjson.dumps(sent(upstream, number)) for number in (0, 1))
    assert second.startswith(first[:-1] + b",")
    assert upstream.requests[1].cached_tokens >= upstream.requests[0].prompt_tokens - 3


async def test_a_message_shows_its_files(ada: httpx.AsyncClient) -> None:
    data = files.png(3, 2)
    image = await upload(ada, "map.png", data)
    text = await upload(ada, "rules.md", RULES.encode())
    await say(ada, "s", "Look.", attachments=[text, image])
    question, answer = await messages_of(ada, "s")
    assert question["attachments"] == [
        {
            "id": text,
            "name": "rules.md",
            "kind": "document",
            "media_type": "text/plain",
            "size_bytes": len(RULES.encode()),
        },
        {"id": image, "name": "map.png", "kind": "image", "media_type": "image/png", "size_bytes": len(data)},
    ]
    assert (question["content"], answer["attachments"]) == ("Look.", [])
    history = (await ada.get("/api/llm/chat/session/s/history")).json()["messages"]
    assert history[0]["content"] == "Look."


async def test_an_image_goes_as_a_data_url_and_again_with_every_turn(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    models = (await ada.get("/api/models")).json()["items"]
    assert models[0]["capabilities"] == ["chat", "vision"]
    data = files.png(3, 2)
    image = await upload(ada, "map.png", data)
    await say(ada, "s", "Where is the exit?", attachments=[image])
    whole = [{"type": "text", "text": "Where is the exit?"}, picture(data)]
    assert sent(upstream) == [{"role": "user", "content": whole}]
    await say(ada, "s", "Are you sure?")
    assert sent(upstream)[0] == {"role": "user", "content": whole}
    assert upstream.requests[1].cached_tokens >= upstream.requests[0].prompt_tokens - 3


async def test_a_message_may_be_files_alone(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    image = await upload(ada, "The first map.png", files.png(3, 2))
    assert (await ask(ada, "s", "", attachments=[image])).status_code == 200
    assert sent(upstream)[-1]["content"] == [picture(files.png(3, 2))]
    session = (await ada.get("/api/sessions/s")).json()
    assert (session["title"], session["messages"][0]["content"]) == ("The first map.png", "")
    answer = await ask(ada, "s", " ", attachments=[])
    assert answer.status_code == 422


async def test_the_same_file_twice_is_sent_once(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    rules = await upload(ada, "rules.md", b"No running.")
    await say(ada, "s", "Hm?", attachments=[rules, rules])
    assert sent(upstream)[-1]["content"] == [
        {"type": "text", "text": "Hm?"},
        document("rules.md", "No running."),
    ]


@blind
async def test_a_model_that_cannot_see_is_given_no_image_and_nothing_is_stored(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    image = await upload(ada, "map.png", files.png(3, 2))
    for path in ("/api/llm/chat/session", "/api/llm/chat/session/stream"):
        answer = await ada.post(path, json={"session_id": "s", "message": "Look.", "attachments": [image]})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, "model_cannot_see")
        assert "fake-model" in error["message"] and "without the image" in error["message"]
    assert (await ada.get("/api/sessions/s")).status_code == 404
    assert upstream.requests == []
    rules = await upload(ada, "rules.md", b"No running.")
    await say(ada, "s", "Hm?", attachments=[rules])  # documents go to every model
    assert (await ada.delete(f"/api/attachments/{image}")).status_code == 200


@blind
@pytest.mark.parametrize("chat_overrides", [{"llm_vision": True}])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_setting_says_that_a_server_sees(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    assert (await ada.get("/api/models")).json()["items"][0]["capabilities"] == ["chat", "vision"]
    image = await upload(ada, "map.png", files.png(3, 2))
    await say(ada, "s", "Look.", attachments=[image])
    assert sent(upstream)[-1]["content"][1] == picture(files.png(3, 2))


async def test_a_conversation_with_an_image_goes_on_with_a_model_that_cannot_see(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, upstream: FakeUpstream
) -> None:
    image = await upload(ada, "map.png", files.png(3, 2))
    first = await say(ada, "s", "Look.", attachments=[image])
    chat_portal.runtime.targets.offer([("fake-model", 8192)])
    await say(ada, "s", "And now?")
    note = {"type": "text", "text": "[There is an image here, which this model cannot see.]"}
    assert sent(upstream)[0]["content"] == [{"type": "text", "text": "Look."}, note]
    again = await ask(ada, "s", None, regenerate_of=first["assistant_message_id"])
    assert (again.status_code, again.json()["error"]["code"]) == (422, "model_cannot_see")


async def test_answering_again_takes_the_questions_files_along(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    image = await upload(ada, "map.png", files.png(3, 2))
    first = await say(ada, "s", "Look.", attachments=[image])
    await say(ada, "s", None, regenerate_of=first["assistant_message_id"])
    assert sent(upstream, 0) == sent(upstream, 1)
    both = await ask(ada, "s", None, regenerate_of=first["assistant_message_id"], attachments=[image])
    assert both.json()["error"]["details"]["fields"][0]["field"] == "attachments"


async def test_an_edited_question_may_have_the_same_file(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    rules = await upload(ada, "rules.md", b"No running.")
    await say(ada, "s", "Hm?", attachments=[rules])
    await say(ada, "s", "What?", attachments=[rules], parent_id=None)
    assert sent(upstream)[0]["content"][1] == document("rules.md", "No running.")
    shown = [
        message["attachments"][0]["id"] for message in await messages_of(ada, "s") if message["attachments"]
    ]
    assert shown == [rules, rules]


@pytest.mark.parametrize("path", ["/api/llm/chat/session", "/api/llm/chat/session/stream"])
async def test_other_peoples_and_unknown_files_are_not_there_and_nothing_is_stored(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, upstream: FakeUpstream, path: str
) -> None:
    own = await upload(eve, "mine.txt", b"mine")
    for data in (b"ada's text", files.png(2, 2)):
        foreign = await upload(ada, "x", data)
        for wrong in (foreign, "0" * 32):
            body = {"session_id": "s", "message": "Tell me.", "attachments": [own, wrong]}
            answer = await eve.post(path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "attachment_not_found")
    assert (await eve.get("/api/sessions/s")).status_code == 404
    assert upstream.requests == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_wrong_lists_are_named(ada: httpx.AsyncClient) -> None:
    for attachments in (["x"], ["0" * 32] * 9, "0" * 32, [None]):
        answer = await ask(ada, "s", "hi", attachments=attachments)
        assert answer.status_code == 422
        assert answer.json()["error"]["details"]["fields"][0]["field"].startswith("attachments")


async def test_a_document_that_does_not_fit_is_told_with_both_figures(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    book = await upload(ada, "book.txt", b"word " * 30_000)
    answer = await ask(ada, "s", "Summarise.", attachments=[book])
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "context_overflow")
    assert error["details"]["prompt_tokens"] > 30_000
    assert error["details"]["budget_tokens"] < 8192
    assert upstream.requests == []
    await say(ada, "s", "Never mind.")
    assert [message["content"] for message in sent(upstream)] == ["Never mind."]


async def test_old_turns_go_with_their_files_when_the_window_is_full(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="Yes.")
    ledgers = []
    for number in range(6):
        part = await upload(ada, f"part-{number}.txt", f"part {number} ".encode() * 1000)
        turn = await say(ada, "s", f"Question {number}", attachments=[part], max_tokens=64)
        ledgers.append((await ada.get(f"/api/llm/turns/{turn['turn_id']}/ledger")).json())
    assert [ledger["trimmed"] for ledger in ledgers].count(True) == 1
    assert all(ledger["prompt_tokens_reported"] <= ledger["budget_tokens"] for ledger in ledgers)
    contents = str(sent(upstream))
    assert "Question 0" not in contents and "part-0.txt" not in contents
    assert "part-4.txt" in contents and "part-5.txt" in contents


async def test_search_finds_a_message_by_the_name_of_its_file(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="Nothing.")
    rules = await upload(ada, "Brandschutz-Verordnung.PDF", files.pdf("hello"))
    await say(ada, "s", "What does it say?", attachments=[rules])
    hits = (await ada.get("/api/sessions/search", params={"q": "schutz-VERORD"})).json()["items"]
    assert [(hit["session_id"], hit["role"]) for hit in hits] == [("s", "user")]
    assert "Brandschutz-Verordnung.PDF" in hits[0]["snippet"]


async def test_the_same_key_with_other_files_is_another_request(ada: httpx.AsyncClient) -> None:
    one, other = [await upload(ada, f"{name}.txt", name.encode()) for name in ("one", "other")]
    key = {"idempotency-key": "k-1"}

    async def send(attachments: list[str]) -> httpx.Response:
        body = {"session_id": "s", "message": "Look.", "attachments": attachments}
        return await ada.post("/api/llm/chat/session", json=body, headers=key)

    first, again, changed = [await send(ids) for ids in ([one], [one], [other])]
    assert first.json()["turn_id"] == again.json()["turn_id"]
    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "idempotency_key_reused")


async def test_a_streamed_turn_has_its_files_too(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    image = await upload(ada, "map.gif", files.gif(3, 2))
    body = {"session_id": "s", "message": "Look.", "attachments": [image]}
    stream = await read_stream(ada, "POST", "/api/llm/chat/session/stream", json=body)
    assert stream.last["done"] is True
    assert sent(upstream)[-1]["content"][1] == picture(files.gif(3, 2), "image/gif")


@pytest.mark.parametrize(("mode", "media_type"), [("RGB", "image/jpeg"), ("RGBA", "image/png")])
async def test_a_webp_image_reaches_the_model_in_a_format_that_llama_cpp_reads(
    ada: httpx.AsyncClient, upstream: FakeUpstream, mode: str, media_type: str
) -> None:
    out = io.BytesIO()
    Image.new(mode, (30, 20), (200, 30, 40, 90)[: len(mode)]).save(out, "WEBP", lossless=True)
    image = await upload(ada, "map.webp", out.getvalue())
    await say(ada, "s", "Look.", attachments=[image])
    url = sent(upstream)[-1]["content"][1]["image_url"]["url"]
    head, _, data = url.partition(";base64,")
    assert head == f"data:{media_type}"
    with Image.open(io.BytesIO(base64.b64decode(data))) as seen:
        assert seen.size == (30, 20)
        assert seen.getpixel((9, 9)) == pytest.approx((200, 30, 40, 90)[: len(mode)], abs=3)


async def test_exports_and_links_name_the_files_and_hold_nothing_of_them(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="Somebody.")
    rules = await upload(ada, "rules.txt", b"the otter may pass")
    await say(ada, "s", "Who may pass?", attachments=[rules])
    exported = (await ada.get("/api/sessions/s/export", params={"format": "json"})).json()
    assert [message["files"] for message in exported["messages"]] == [["rules.txt"], []]
    markdown = (await ada.get("/api/sessions/s/export", params={"format": "markdown"})).text
    assert "*Attached: rules.txt*" in markdown
    made = (await ada.post("/api/sessions/s/share", json={})).json()
    shown = (await ada.get(f"/api/shared/{made['token']}")).json()
    assert [message["files"] for message in shown["messages"]] == [["rules.txt"], []]
    for text in (orjson.dumps(exported).decode(), markdown, orjson.dumps(shown).decode()):
        assert "the otter may pass" not in text
    again = await ada.post("/api/sessions/import", json=exported)
    assert [item["messages"] for item in again.json()["imported"]] == [2]


async def test_a_damaged_webp_image_is_refused(ada: httpx.AsyncClient) -> None:
    refused = await ada.post("/api/attachments?name=map.webp", content=files.webp(3, 2))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unreadable_file")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_keys_tokens_are_reserved_for_the_documents_too(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    wish = {"name": "a game", "tokens_per_minute": 3000}
    key = (await ada.post("/api/keys", json=wish)).json()["key"]
    book = await upload(ada, "book.txt", b"word " * 2_000)
    async with httpx.AsyncClient(
        base_url=chat_portal.base_url, headers={"authorization": f"Bearer {key}"}, timeout=20
    ) as game:
        answer = await ask(game, "s", "Summarise.", attachments=[book])
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
        await say(game, "s", "Hello.")
