"""The durable inbox: requests that were acknowledged to the broker, until their answers are out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json


class BridgeRequest(Base):
    """One request. `state`: waiting (a bridge works on it while its lease lasts), answered (to be sent), done.

    The key's secret is not stored: `key_id` names who asks, and is checked again before a request is taken up. It is
    empty for a person whose page is connected.

    `line` is the same for all requests of one session, and None for those without. `is_state`: of a game's states in a line
    the one that came last counts. `created_at` is when it came.
    """

    __tablename__ = "bridge_requests"
    __table_args__ = (
        UniqueConstraint("user_id", "client", "request"),
        Index("ix_bridge_requests_state", "state", "lease_until"),
        Index("ix_bridge_requests_created_at", "created_at"),
        Index("ix_bridge_requests_line", "line", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key_id: Mapped[str] = mapped_column(String(32))
    client: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(64))
    payload_hash: Mapped[str] = mapped_column(String(64))
    ask: Mapped[dict[str, Any]] = mapped_column(Json)
    reply: Mapped[dict[str, Any]] = mapped_column(Json)
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    holder: Mapped[str] = mapped_column(String(64))
    lease_until: Mapped[datetime] = mapped_column(Instant)
    deadline_at: Mapped[datetime | None] = mapped_column(Instant)
    line: Mapped[str | None] = mapped_column(String(32))
    is_state: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(Instant)
