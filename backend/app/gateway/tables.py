"""Tables of stored responses and conversations (`/v1/responses`, `/v1/conversations`); they belong to the person who asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json

ACTIVE: Final = ("queued", "in_progress")


class StoredResponse(Base):
    """One response: what was put in, what came out, and for one in the background who works on it."""

    __tablename__ = "responses"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled')",
            name="status",
        ),
        Index("ix_responses_user_id_created_at", "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("users.id", ondelete="CASCADE"))
    previous_id: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), index=True)
    is_background: Mapped[bool] = mapped_column(Boolean)
    input: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    response: Mapped[dict[str, Any]] = mapped_column(Json)
    pieces: Mapped[list[int] | None] = mapped_column(Json)
    upstream: Mapped[dict[str, Any] | None] = mapped_column(Json)
    replica_id: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Conversation(Base):
    """A list of items that responses read and lengthen. `places` have been given to items so far, those removed included."""

    __tablename__ = "v1_conversations"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    facts: Mapped[dict[str, str]] = mapped_column("metadata", Json)
    places: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant, index=True)


class ConversationItem(Base):
    """One item, at its place."""

    __tablename__ = "v1_conversation_items"
    __table_args__ = (UniqueConstraint("conversation_id", "item_id"),)

    conversation_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("v1_conversations.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[str] = mapped_column(String(100))
    item: Mapped[dict[str, Any]] = mapped_column(Json)
