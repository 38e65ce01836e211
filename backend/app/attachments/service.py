"""An owner's files: take one and read it, hand it out, delete it. What a message does with files is in `in_messages`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.attachments.errors import (
    AttachmentInUseError,
    AttachmentNotFoundError,
    FileTooLargeError,
    QuotaExceededError,
    mebibytes,
)
from app.attachments.file_names import clean_name
from app.attachments.reading import MAX_TEXT_CHARS, DocumentReader, DocumentText
from app.attachments.repository import AttachmentRepository
from app.attachments.schemas import AttachmentRead
from app.attachments.sniff import Sniffed, sniff
from app.attachments.tables import Attachment
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.kit.ids import is_id, new_id

UNUSED_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be, and how much one owner may have."""

    max_bytes: int
    quota_count: int
    quota_bytes: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file with its bytes."""

    name: str
    kind: str
    media_type: str
    data: bytes


class AttachmentService:
    """Every method takes the owner, and finds nothing of anybody else's."""

    def __init__(
        self,
        database: Database,
        limits: Limits,
        clock: Clock | None = None,
        reader: DocumentReader | None = None,
    ) -> None:
        self.limits = limits
        self._database = database
        self._clock = clock or SystemClock()
        self._reader = reader or DocumentReader()

    async def add(self, user_id: int, name: str, data: bytes) -> AttachmentRead:
        """Store a file once it is known what it is.

        Raises:
            FileTooLargeError, QuotaExceededError, UnsupportedFileError, UnreadableFileError, TooManyReadingsError.
        """
        if len(data) > self.limits.max_bytes:
            raise FileTooLargeError(self.limits.max_bytes)
        async with (
            self._database.reading() as db
        ):  # before the work, and again in the transaction that counts
            await self._check_quota(AttachmentRepository(db), user_id, len(data))
        sniffed = await asyncio.to_thread(sniff, data)
        if sniffed.media_type == "image/webp":  # not every model server can read it
            data = await self._reader.convert_webp(user_id, data)
            sniffed = await asyncio.to_thread(sniff, data)
            if len(data) > self.limits.max_bytes:
                raise FileTooLargeError(self.limits.max_bytes)
        document = await self._document(user_id, sniffed, data)
        row = Attachment(
            id=new_id(),
            user_id=user_id,
            name=clean_name(name),
            kind="image" if sniffed.format == "image" else "document",
            media_type=sniffed.media_type,
            size_bytes=len(data),
            text_chars=None if document is None else len(document.text),
            truncated=document is not None and document.is_truncated,
            width=sniffed.width,
            height=sniffed.height,
            created_at=self._clock.now(),
        )
        async with self._database.transaction() as db:
            repository = AttachmentRepository(db)
            await repository.lock_owner(user_id)
            await self._check_quota(repository, user_id, len(data))
            await repository.add(row, data, None if document is None else document.text)
        return AttachmentRead.of(row)

    async def read(self, user_id: int, attachment_id: str) -> AttachmentRead:
        async with self._database.reading() as db:
            return AttachmentRead.of(await _found(AttachmentRepository(db), user_id, attachment_id))

    async def read_all(self, user_id: int, attachment_ids: Sequence[str]) -> list[AttachmentRead]:
        """Return what is known of several files. Raises AttachmentNotFoundError if one of them is not the owner's."""
        async with self._database.reading() as db:
            found = await AttachmentRepository(db).find_all(user_id, attachment_ids)
        if len(found) < len(set(attachment_ids)):
            raise AttachmentNotFoundError
        return [AttachmentRead.of(found[attachment_id]) for attachment_id in attachment_ids]

    async def content(self, user_id: int, attachment_id: str) -> StoredFile:
        async with self._database.reading() as db:
            repository = AttachmentRepository(db)
            row = await _found(repository, user_id, attachment_id)
            return StoredFile(row.name, row.kind, row.media_type, await repository.data(row.id))

    async def delete(self, user_id: int, attachment_id: str) -> None:
        """Delete a file. Raises AttachmentInUseError while a message uses it."""
        async with self._database.transaction() as db:
            repository = AttachmentRepository(db)
            row = await repository.claim(user_id, attachment_id) if is_id(attachment_id) else None
            if row is None:
                raise AttachmentNotFoundError
            if await repository.is_used(row.id):
                raise AttachmentInUseError
            await repository.delete(row.id)

    async def purge(self) -> int:
        """Remove for good what no message uses (drafts that were never sent, conversations that are gone)."""
        async with self._database.transaction() as db:
            return await AttachmentRepository(db).purge_unused(self._clock.now() - UNUSED_LIFETIME)

    async def _document(self, user_id: int, sniffed: Sniffed, data: bytes) -> DocumentText | None:
        if sniffed.format == "image":
            return None
        if sniffed.format == "text":
            text = sniffed.text or ""
            return DocumentText(text[:MAX_TEXT_CHARS], len(text) > MAX_TEXT_CHARS)
        return await self._reader.read(user_id, data, sniffed.format)

    async def _check_quota(self, repository: AttachmentRepository, user_id: int, more_bytes: int) -> None:
        count, size_bytes = await repository.usage(user_id)
        limits = self.limits
        if count >= limits.quota_count:
            what = f"{count} files, and may have {limits.quota_count}"
        elif size_bytes + more_bytes > limits.quota_bytes:
            what = f"{mebibytes(size_bytes)} of files, and may have {mebibytes(limits.quota_bytes)} with this one"
        else:
            return
        raise QuotaExceededError(what, limits.quota_count, limits.quota_bytes)


async def _found(repository: AttachmentRepository, user_id: int, attachment_id: str) -> Attachment:
    row = await repository.find(user_id, attachment_id) if is_id(attachment_id) else None
    if row is None:
        raise AttachmentNotFoundError
    return row
