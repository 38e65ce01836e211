"""Table of stored responses (`/v1/responses`); they belong to the person who asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String
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
