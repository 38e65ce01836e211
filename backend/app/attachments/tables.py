"""Tables of attachments: what is known of a file, its bytes and text apart from that, and which messages use it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant

NAME_LENGTH = 255


class Attachment(Base):
    """A file of one user; it never changes."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_user_id", "user_id"),
        Index("ix_attachments_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    kind: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(Integer)
    text_chars: Mapped[int | None] = mapped_column(Integer)
    truncated: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Instant)


class AttachmentContent(Base):
    """A file's bytes, and a document's text; a table of its own, so that nothing loads them by the way."""

    __tablename__ = "attachment_contents"

    attachment_id: Mapped[str] = mapped_column(
        ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str | None] = mapped_column(Text)


class AttachmentUse(Base):
    """A message that has a file. As long as there is one, the file stays."""

    __tablename__ = "attachment_uses"
    __table_args__ = (Index("ix_attachment_uses_attachment_id", "attachment_id"),)

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    attachment_id: Mapped[str] = mapped_column(
        ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True
    )
