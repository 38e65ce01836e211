"""/api/attachments: what is taken, what is refused and why, how it is handed out, and how much of it one may have."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.attachments.service import UNUSED_LIFETIME, AttachmentService, Limits
from app.attachments.tables import AttachmentContent, AttachmentUse
from app.db.session import Database
from app.kit.clock import SystemClock
from app.users.service import ensure_local_user
from tests.api.chat_portal import PASSWORD, ChatPortal, say
from tests.fakes import files

KIB = 1024


@pytest.fixture
def chat_overrides() -> dict[str, object]:
    return {
        "max_attachment_bytes": 64 * KIB,
        "attachment_quota_count": 8,
        "attachment_quota_bytes": 100 * KIB,
    }


async def upload(client: httpx.AsyncClient, name: str, data: bytes, **headers: str) -> httpx.Response:
    return await client.post("/api/attachments", params={"name": name}, content=data, headers=headers)


async def test_an_image_is_kept_as_it_is(ada: httpx.AsyncClient) -> None:
    data = files.png(640, 480)
    made = await upload(ada, "../maps/Käse.png", data, **{"content-type": "text/html"})
    assert made.status_code == 201
    meta = made.json()
    assert meta | {"id": "", "created_at": ""} == {
        "id": "",
        "name": "Käse.png",
        "kind": "image",
        "media_type": "image/png",
        "size_bytes": len(data),
        "text_chars": None,
        "truncated": False,
        "width": 640,
        "height": 480,
        "created_at": "",
    }
    assert (await ada.get(f"/api/attachments/{meta['id']}")).json() == meta
    content = await ada.get(f"/api/attachments/{meta['id']}/content")
    assert content.content == data
    assert content.headers["content-type"] == "image/png"
    assert content.headers["content-disposition"] == "inline; filename*=UTF-8''K%C3%A4se.png"
    assert content.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert content.headers["x-content-type-options"] == "nosniff"
    assert content.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("data", "media_type", "chars"),
    [
        (files.pdf("hello there"), "application/pdf", 11),
        (files.docx(files.paragraph("hello")), None, 5),
        ("grüß".encode(), "text/plain", 4),
    ],
)
async def test_a_document_is_a_download_with_its_text_counted(
    ada: httpx.AsyncClient, data: bytes, media_type: str | None, chars: int
) -> None:
    meta = (await upload(ada, "x.bin", data)).json()
    assert (meta["kind"], meta["text_chars"], meta["truncated"]) == ("document", chars, False)
    if media_type is not None:
        assert meta["media_type"] == media_type
    content = await ada.get(f"/api/attachments/{meta['id']}/content")
    assert content.content == data
    assert content.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_names_and_headers_do_not_say_what_a_file_is(ada: httpx.AsyncClient) -> None:
    image = (await upload(ada, "notes.txt", files.png(2, 2), **{"content-type": "text/plain"})).json()
    assert (image["kind"], image["media_type"]) == ("image", "image/png")
    page = b"<!doctype html><script>alert(1)</script>"
    text = (await upload(ada, "photo.png", page, **{"content-type": "image/png"})).json()
    assert (text["kind"], text["media_type"]) == ("document", "text/plain")
    content = await ada.get(f"/api/attachments/{text['id']}/content")
    assert content.headers["content-type"].startswith("text/plain")
    assert content.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("data", "status", "code", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_file", "save it as PNG"),
        (b"\x7fELF\x00", 415, "unsupported_file", "PDF, DOCX"),
        (files.archive({"a": "b"}), 415, "unsupported_file", "PDF, DOCX"),
        (b"", 422, "unreadable_file", "empty"),
        (files.locked_pdf("x", "secret"), 422, "unreadable_file", "password"),
        (b"%PDF-1.4 and nothing more", 422, "unreadable_file", "damaged"),
        (b"a" * (64 * KIB + 1), 413, "too_large", "MAX_ATTACHMENT_BYTES"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_refusal_says_why_and_keeps_nothing(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, data: bytes, status: int, code: str, words: str
) -> None:
    answer = await upload(ada, "file", data)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert words in error["message"]
    assert await _count(chat_portal) == (0, 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_body_without_a_length_is_stopped_at_the_limit(ada: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(10):
            yield b"a" * (16 * KIB)

    answer = await ada.post("/api/attachments", params={"name": "a.txt"}, content=pieces())
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_form_and_a_missing_name_are_told(ada: httpx.AsyncClient) -> None:
    form = await ada.post("/api/attachments?name=a.txt", files={"file": ("a.txt", b"hello")})
    assert form.status_code == 415
    assert "not in a form" in form.json()["error"]["message"]
    nameless = await ada.post("/api/attachments", content=b"hello")
    assert (nameless.status_code, nameless.json()["error"]["details"]["fields"][0]["field"]) == (422, "name")


async def test_the_quota_counts_files_and_bytes_and_is_each_owners_own(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    big = await upload(ada, "big.txt", b"a" * (60 * KIB))
    assert (await upload(ada, "big2.txt", b"a" * (60 * KIB))).json()["error"]["code"] == "quota_exceeded"
    for number in range(7):
        assert (await upload(ada, f"{number}.txt", b"a")).status_code == 201
    refused = await upload(ada, "one-more.txt", b"a")
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "quota_exceeded")
    assert "8 files" in refused.json()["error"]["message"]
    assert (await upload(eve, "mine.txt", b"a")).status_code == 201
    assert (await ada.delete(f"/api/attachments/{big.json()['id']}")).status_code == 200
    assert (await upload(ada, "one-more.txt", b"a")).status_code == 201


async def test_the_quota_holds_when_many_arrive_at_once(ada: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(upload(ada, f"{number}.txt", b"a") for number in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 8 + [413] * 12


async def test_a_used_file_stays_until_its_conversation_is_gone(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    file_id = (await upload(ada, "rules.txt", b"No running.")).json()["id"]
    await say(ada, "s", "What are the rules?", attachments=[file_id])
    refused = await ada.delete(f"/api/attachments/{file_id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "attachment_in_use")
    await ada.delete("/api/sessions/s")
    assert (await ada.delete(f"/api/attachments/{file_id}")).status_code == 409  # it can be restored
    later = _Later(timedelta(days=2))
    chat_portal.runtime.session_service._clock = later
    assert await chat_portal.runtime.session_service.purge() == 1
    assert (await ada.delete(f"/api/attachments/{file_id}")).status_code == 200
    assert (await ada.get(f"/api/attachments/{file_id}")).status_code == 404
    assert await _count(chat_portal) == (0, 0)


async def test_a_file_deleted_while_a_message_takes_it_is_in_both_or_in_none(ada: httpx.AsyncClient) -> None:
    for number in range(8):
        file_id = (await upload(ada, "rules.txt", b"No running.")).json()["id"]
        body = {"session_id": f"s{number}", "message": "Hm?", "attachments": [file_id]}
        deleted, answered = await asyncio.gather(
            ada.delete(f"/api/attachments/{file_id}"), ada.post("/api/llm/chat/session", json=body)
        )
        is_there = (await ada.get(f"/api/attachments/{file_id}/content")).status_code == 200
        outcome = (deleted.status_code, answered.status_code, is_there)
        assert outcome in ((200, 404, False), (409, 200, True)), outcome
        if is_there:
            await ada.delete(f"/api/sessions/s{number}")


async def test_what_no_message_uses_goes_after_a_while(
    ada: httpx.AsyncClient, chat_portal: ChatPortal
) -> None:
    unsent = (await upload(ada, "draft.txt", b"draft")).json()["id"]
    used = (await upload(ada, "sent.txt", b"sent")).json()["id"]
    await say(ada, "s", "look", attachments=[used])
    attachments = chat_portal.runtime.attachments
    assert await attachments.purge() == 0
    attachments._clock = _Later(UNUSED_LIFETIME)
    assert await attachments.purge() == 1
    assert (await ada.get(f"/api/attachments/{unsent}")).status_code == 404
    assert (await ada.get(f"/api/attachments/{used}/content")).content == b"sent"


async def test_an_account_takes_its_files_with_it(ada: httpx.AsyncClient, chat_portal: ChatPortal) -> None:
    file_id = (await upload(ada, "rules.txt", b"No running.")).json()["id"]
    await upload(ada, "unsent.png", files.png(2, 2))
    await say(ada, "s", "What are the rules?", attachments=[file_id])
    assert await _count(chat_portal) == (2, 1)
    gone = await ada.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert gone.status_code == 200
    assert await _count(chat_portal) == (0, 0)


async def test_a_file_as_large_as_allowed_comes_back_whole(database: Database) -> None:
    limits = Limits(max_bytes=10 * 1024 * KIB, quota_count=1, quota_bytes=10 * 1024 * KIB)
    service = AttachmentService(database, limits)
    user_id = await ensure_local_user(database)
    data = b"one line of text\n" * (10 * 1024 * KIB // 17)
    made = await service.add(user_id, "long.txt", data)
    assert (made.text_chars, made.truncated) == (1_000_000, True)
    assert (await service.content(user_id, made.id)).data == data


class _Later(SystemClock):
    """A clock that goes before."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


async def _count(portal: ChatPortal) -> tuple[int, int]:
    """Return how many contents of files, and how many uses, there are."""
    async with portal.runtime.database.reading() as db:
        contents = await db.scalar(select(func.count()).select_from(AttachmentContent))
        uses = await db.scalar(select(func.count()).select_from(AttachmentUse))
    return contents or 0, uses or 0
