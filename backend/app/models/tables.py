"""Table of stored providers; a key is there encrypted only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Instant, Json


class Provider(Base):
    """A model server that an administrator entered, with the models it answers for."""

    __tablename__ = "providers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str | None] = mapped_column(String(16))
    base_url: Mapped[str] = mapped_column(Text)
    module: Mapped[str | None] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any] | None] = mapped_column(Json)
    sealed_key: Mapped[str | None] = mapped_column(Text)
    allow_private_network: Mapped[bool] = mapped_column(Boolean)
    offer_all: Mapped[bool] = mapped_column(Boolean)
    is_enabled: Mapped[bool] = mapped_column(Boolean)
    models: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    price: Mapped[dict[str, Any] | None] = mapped_column(Json)
    own_routes: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
