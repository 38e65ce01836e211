"""Tables of usage: a row for each request that ended, and their sums by day. No text of any request is in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant


class UsageRow(Base):
    """One request. No foreign keys: what was used stays counted when the key or the account is gone.

    `user_id` is null for who asks without a credential. `cost_nanos` is in billionths of the portal's currency.
    """

    __tablename__ = "usage_rows"
    __table_args__ = (
        Index("ix_usage_rows_created_at", "created_at"),
        Index("ix_usage_rows_user", "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None]
    key_id: Mapped[str | None] = mapped_column(String(32))
    device: Mapped[str | None] = mapped_column(String(64))
    door: Mapped[str] = mapped_column(String(16))
    operation: Mapped[str] = mapped_column(String(24))
    asked_model: Mapped[str | None] = mapped_column(String(200))
    model: Mapped[str | None] = mapped_column(String(200))
    target: Mapped[str | None] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(16))
    error_code: Mapped[str | None] = mapped_column(String(64))
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    reasoning_tokens: Mapped[int]
    is_estimated: Mapped[bool]
    is_cache_hit: Mapped[bool]
    cost_nanos: Mapped[int] = mapped_column(BigInteger)
    ttft_ms: Mapped[float | None]
    total_ms: Mapped[float | None]
    request_id: Mapped[str] = mapped_column(String(64))


class UsageDay(Base):
    """The sums of one day (UTC) for one caller, door and model: what charts and budgets are read from.

    It is written together with the rows, and outlives them. Nobody, no key, no device and no model are 0 and "".
    """

    __tablename__ = "usage_days"
    __table_args__ = (
        Index("ix_usage_days_user", "user_id", "day"),
        Index("ix_usage_days_key", "key_id", "day"),
    )

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    device: Mapped[str] = mapped_column(String(64), primary_key=True)
    door: Mapped[str] = mapped_column(String(16), primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    cancelled: Mapped[int] = mapped_column(BigInteger)
    cache_hits: Mapped[int] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    reasoning_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_nanos: Mapped[int] = mapped_column(BigInteger)


SUMS = (
    "requests",
    "errors",
    "cancelled",
    "cache_hits",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost_nanos",
)
"""The columns of `usage_days` that are added up."""
