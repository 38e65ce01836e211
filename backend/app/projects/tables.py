"""Table of the projects that somebody edited or made; the built-in ones are in the code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json


class ProjectRow(Base):
    """`past_prompts` are digests of what its prompt was: a session that still has one of them takes the new one."""

    __tablename__ = "projects"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    past_prompts: Mapped[list[str]] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(Instant)
