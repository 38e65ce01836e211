"""Files in messages, inside the transaction of whoever stores or reads the message.

A document becomes a text part after the message's own text; an image a reference that the engine turns into a data URL
when it sends it. The same files give the same bytes on every turn, so the prompt stays a prefix.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.attachments.errors import AttachmentNotFoundError
from app.attachments.repository import AttachmentRepository
from app.attachments.schemas import AttachmentRef
from app.db.session import Database
from app.llm.images import image_part
from app.llm.types import Content

Refs = Sequence[Mapping[str, Any]]
_CUT = "\n\n[The file is longer; only its beginning is given here.]"


async def owned_refs(db: AsyncSession, user_id: int, attachment_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return what a message keeps of its files, in order. Raises AttachmentNotFoundError for one that is not the owner's."""
    if not attachment_ids:
        return []
    found = await AttachmentRepository(db).find_all(user_id, attachment_ids)
    if len(found) < len(set(attachment_ids)):
        raise AttachmentNotFoundError
    return [
        AttachmentRef.model_validate(found[attachment_id], from_attributes=True).model_dump()
        for attachment_id in attachment_ids
    ]


async def keep_for(db: AsyncSession, message_id: str, refs: Refs) -> None:
    """Note that a stored message uses these files."""
    if refs:
        await AttachmentRepository(db).add_uses(message_id, [ref["id"] for ref in refs])


async def document_texts(db: AsyncSession, user_id: int, refs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Load the documents among some messages' files, each with its heading, by id."""
    names = {ref["id"]: ref["name"] for ref in refs if ref["kind"] == "document"}
    if not names:
        return {}
    rows = await AttachmentRepository(db).texts(user_id, names)
    return {row[0]: f"File: {names[row[0]]}\n\n{row[1]}{_CUT if row[2] else ''}" for row in rows}


def content_with(text: str, refs: Refs | None, documents: Mapping[str, str]) -> Content:
    """Return a message's content for the model: its text, its documents' texts, its images."""
    if not refs:
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    parts += [{"type": "text", "text": documents[ref["id"]]} for ref in refs if ref["id"] in documents]
    return [*parts, *(image_part(ref["id"]) for ref in refs if ref["kind"] == "image")]


async def image_urls(database: Database, user_id: int, image_ids: Iterable[str]) -> dict[str, str]:
    """Load images as data URLs, by id."""
    async with database.reading() as db:
        rows = await AttachmentRepository(db).images(user_id, list(image_ids))
    return await asyncio.to_thread(_data_urls, rows)


def _data_urls(rows: Sequence[Any]) -> dict[str, str]:
    return {row[0]: f"data:{row[1]};base64,{base64.b64encode(row[2]).decode()}" for row in rows}
