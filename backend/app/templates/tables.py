"""Tables of prompt templates and of their versions, which are written once and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json

_SHARED = text("public_from IS NOT NULL")


class Template(Base):
    """A template of one user. `version` is its newest; others may see those from `public_from` on (None: not shared)."""

    __tablename__ = "templates"
    __table_args__ = (
        Index("ix_templates_user_id", "user_id"),
        Index("ix_templates_public", "public_from", sqlite_where=_SHARED, postgresql_where=_SHARED),
        # an id is never given twice: a program that still sends it must not get somebody else's template
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(Json)
    is_active: Mapped[bool] = mapped_column(default=True)
    public_from: Mapped[int | None]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class TemplateVersion(Base):
    """What a template said at one time. `variables` is the whole declaration, that of undeclared names included."""

    __tablename__ = "template_versions"

    template_id: Mapped[int] = mapped_column(
        ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)
    variables: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
