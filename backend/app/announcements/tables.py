"""Table of announcements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant


class Announcement(Base):
    """A few sentences for everybody. Who wrote it is in the audit log."""

    __tablename__ = "announcements"
    __table_args__ = (CheckConstraint("tone IN ('info', 'warning')", name="tone"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(String(1000))
    tone: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
