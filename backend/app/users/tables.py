"""Tables of people and of the invitations that let them in."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json
from app.limits.subjects import Period


def _now() -> datetime:
    return datetime.now(UTC)


class User(Base):
    """A person, or the local owner of what plain scripts make (`is_local`: it cannot sign in).

    `email` is stored normalised and in lower case, so that the unique constraint is case-insensitive on every database.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('user', 'operator', 'admin')", name="role"),
        # an id is never given twice, so nothing old can come to belong to somebody new
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16), default="user", server_default="user")
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_local: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(Instant, default=_now)
    requests_per_minute: Mapped[int | None]
    tokens_per_minute: Mapped[int | None]
    budget: Mapped[dict[Period, int] | None] = mapped_column(Json)


class Invite(Base):
    """A code that lets one person register; only its hash is kept."""

    __tablename__ = "invites"
    __table_args__ = (CheckConstraint("role IN ('user', 'operator', 'admin')", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16), default="user", server_default="user")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=_now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
