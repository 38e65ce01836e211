"""Queries on attachments. Every look-up that a caller reaches is by owner; nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Row, Select, delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.attachments.tables import Attachment, AttachmentContent, AttachmentUse
from app.users.tables import User

_PURGED_AT_ONCE = 1000


class AttachmentRepository:
    """Attachments of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, user_id: int, attachment_id: str) -> Attachment | None:
        return await self._session.scalar(_owned(user_id, attachment_id))

    async def claim(self, user_id: int, attachment_id: str) -> Attachment | None:
        """Find a file and let no message begin to use it before this transaction ends."""
        return await self._session.scalar(_owned(user_id, attachment_id).with_for_update())

    async def find_all(self, user_id: int, attachment_ids: Sequence[str]) -> dict[str, Attachment]:
        rows = await self._session.scalars(
            select(Attachment).where(Attachment.user_id == user_id, Attachment.id.in_(attachment_ids))
        )
        return {row.id: row for row in rows}

    async def data(self, attachment_id: str) -> bytes:
        """Return the bytes of a file that was found before."""
        data = await self._session.scalar(
            select(AttachmentContent.data).where(AttachmentContent.attachment_id == attachment_id)
        )
        return data or b""

    async def images(self, user_id: int, attachment_ids: Iterable[str]) -> Sequence[Row[str, str, bytes]]:
        """Return (id, media type, bytes) of an owner's images."""
        rows = await self._session.execute(
            select(Attachment.id, Attachment.media_type, AttachmentContent.data)
            .join(AttachmentContent, AttachmentContent.attachment_id == Attachment.id)
            .where(
                Attachment.user_id == user_id, Attachment.id.in_(attachment_ids), Attachment.kind == "image"
            )
        )
        return rows.all()

    async def texts(
        self, user_id: int, attachment_ids: Iterable[str]
    ) -> Sequence[Row[str, str | None, bool]]:
        """Return (id, text, whether it was cut) of an owner's documents."""
        rows = await self._session.execute(
            select(Attachment.id, AttachmentContent.text, Attachment.truncated)
            .join(AttachmentContent, AttachmentContent.attachment_id == Attachment.id)
            .where(
                Attachment.user_id == user_id,
                Attachment.id.in_(attachment_ids),
                Attachment.kind == "document",
            )
        )
        return rows.all()

    async def usage(self, user_id: int) -> tuple[int, int]:
        """Return how many files an owner has, and how many bytes they are."""
        row = await self._session.execute(
            select(func.count(), func.coalesce(func.sum(Attachment.size_bytes), 0)).where(
                Attachment.user_id == user_id
            )
        )
        count, size_bytes = row.one()
        return int(count), int(size_bytes)

    async def lock_owner(self, user_id: int) -> None:
        """Let nobody else add a file of this owner before this transaction ends (SQLite has one writer anyway)."""
        await self._session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))

    async def add(self, row: Attachment, data: bytes, text: str | None) -> None:
        self._session.add(row)
        await self._session.flush()
        await self._session.execute(
            insert(AttachmentContent).values(attachment_id=row.id, data=data, text=text)
        )

    async def is_used(self, attachment_id: str) -> bool:
        uses = select(exists().where(AttachmentUse.attachment_id == attachment_id))
        return bool(await self._session.scalar(uses))

    async def delete(self, attachment_id: str) -> None:
        """Delete a file; its content goes with it."""
        await self._session.execute(delete(Attachment).where(Attachment.id == attachment_id))

    async def add_uses(self, message_id: str, attachment_ids: Sequence[str]) -> None:
        await self._session.execute(
            insert(AttachmentUse),
            [{"message_id": message_id, "attachment_id": one} for one in attachment_ids],
        )

    async def purge_unused(self, created_before: datetime) -> int:
        """Remove files that no message uses and that are old enough, up to _PURGED_AT_ONCE.

        They are locked first: a message that takes one in this moment is then seen by the second look.
        """
        is_used = exists().where(AttachmentUse.attachment_id == Attachment.id)
        old = select(Attachment.id).where(Attachment.created_at < created_before, ~is_used)
        ids = await self._session.scalars(old.limit(_PURGED_AT_ONCE).with_for_update(skip_locked=True))
        result = await self._session.execute(delete(Attachment).where(Attachment.id.in_(ids.all()), ~is_used))
        return int(getattr(result, "rowcount", 0))


def _owned(user_id: int, attachment_id: str) -> Select[Attachment]:
    return select(Attachment).where(Attachment.id == attachment_id, Attachment.user_id == user_id)
