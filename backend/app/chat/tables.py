"""Tables of conversations: sessions, their trees of messages, and the turns that made them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json

SESSION_ID_LENGTH = 128
ACTIVE_STATUSES = ("queued", "streaming")
_ALIVE = text("deleted_at IS NULL")
_DELETED = text("deleted_at IS NOT NULL")
# as literals: with bound values neither database sees that the partial index applies
IS_ACTIVE = text("status IN ('queued', 'streaming')")


class SessionRow(Base):
    """A conversation. `public_id` is the caller's name for it, unique among the owner's living sessions.

    `search_text` columns hold the casefolded text: neither SQLite's LIKE nor a C-locale PostgreSQL folds more than ASCII.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index(
            "uq_sessions_owner_public_id",
            "user_id",
            "public_id",
            unique=True,
            sqlite_where=_ALIVE,
            postgresql_where=_ALIVE,
        ),
        Index("ix_sessions_list", "user_id", "archived", "pinned", "updated_at", "id"),
        Index("ix_sessions_deleted_at", "deleted_at", sqlite_where=_DELETED, postgresql_where=_DELETED),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(SESSION_ID_LENGTH))
    title: Mapped[str] = mapped_column(String(200), default="")
    title_source: Mapped[str] = mapped_column(String(8), default="auto")
    search_text: Mapped[str] = mapped_column(Text, default="")
    system_prompt: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(200))
    folder: Mapped[str | None] = mapped_column(String(200))
    pinned: Mapped[bool] = mapped_column(default=False)
    archived: Mapped[bool] = mapped_column(default=False)
    active_leaf_id: Mapped[str | None] = mapped_column(String(32))
    anchor_message_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)


class MessageRow(Base):
    """One node of a session's tree. An assistant's row exists from the start of its turn and is filled as it streams.

    `attachments` is what the message shows of its files, which never change; `attachment_uses` keeps them alive.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_session", "session_pk", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_pk: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    reasoning: Mapped[str | None] = mapped_column(Text)
    tool_calls: Mapped[Any | None] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(16))
    model: Mapped[str | None] = mapped_column(String(200))
    turn_id: Mapped[str | None] = mapped_column(String(32))
    tokens: Mapped[int | None] = mapped_column(Integer)
    attachments: Mapped[Any | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class TurnRow(Base):
    """One ask and its answer: status, cost, timings, ledger, and who works on it (`replica_id` until `lease_until`).

    `key_id` is the key that asked, without a foreign key: it may be gone before the turn.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        Index("ix_turns_session", "session_pk"),
        Index("ix_turns_created_at", "created_at"),
        Index(
            "ix_turns_active", "session_pk", "created_at", sqlite_where=IS_ACTIVE, postgresql_where=IS_ACTIVE
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_pk: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16))
    key_id: Mapped[str | None] = mapped_column(String(32))
    door: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str] = mapped_column(String(64), default="")
    user_message_id: Mapped[str] = mapped_column(String(32))
    assistant_message_id: Mapped[str] = mapped_column(String(32))
    is_attached: Mapped[bool] = mapped_column(default=True)
    system_prompt: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(200))
    parameters: Mapped[Any | None] = mapped_column(Json)
    usage: Mapped[Any | None] = mapped_column(Json)
    timings: Mapped[Any | None] = mapped_column(Json)
    ledger: Mapped[Any | None] = mapped_column(Json)
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    error_details: Mapped[Any | None] = mapped_column(Json)
    event_lengths: Mapped[Any | None] = mapped_column(Json)
    prefix_tokens: Mapped[int | None] = mapped_column(Integer)
    prefix_key: Mapped[str | None] = mapped_column(String(64))
    anchor_message_id: Mapped[str | None] = mapped_column(String(32))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    replica_id: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class ShareRow(Base):
    """A conversation that anyone with the link may read: as its branch was when it was shared, not as it goes on.

    Only the token's hash is kept. There is one share of a session at most; a new link replaces it.
    """

    __tablename__ = "shares"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_pk: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    messages: Mapped[Any] = mapped_column(Json)
    has_reasoning: Mapped[bool] = mapped_column(default=False)
    leaf_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
