"""Announcements as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Tone = Literal["info", "warning"]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$")
]


class AnnouncementCreate(BaseModel):
    """What everybody is to read."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    tone: Tone = "info"
    hours: int | None = Field(
        None, ge=1, le=24 * 365, description="How long it is shown; without it, until it is taken down."
    )


class AnnouncementRead(BaseModel):
    """One announcement."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    tone: Tone
    created_at: datetime
    ends_at: datetime | None


class AnnouncementList(BaseModel):
    """What is to be read now, the newest first."""

    items: list[AnnouncementRead]
