"""Attachments as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

from app.attachments.tables import Attachment

MAX_PER_MESSAGE = 8
AttachmentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Kind = Literal["image", "document"]

_EXAMPLE: dict[str, Any] = {
    "id": "019a0f3c5e7a7c1b8f0d6a2b4c8e0f11",
    "name": "rules.pdf",
    "kind": "document",
    "media_type": "application/pdf",
    "size_bytes": 48213,
    "text_chars": 10250,
    "truncated": False,
    "width": None,
    "height": None,
    "created_at": "2026-11-21T09:30:00Z",
}


class AttachmentRef(BaseModel):
    """A file as its message shows it."""

    id: str
    name: str
    kind: Kind
    media_type: str
    size_bytes: int


class AttachmentRead(AttachmentRef):
    """A file. `text_chars` tells how much text a document has; `truncated`, that more was in it than is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    text_chars: int | None
    truncated: bool
    width: int | None
    height: int | None
    created_at: datetime

    @classmethod
    def of(cls, row: Attachment) -> Self:
        return cls.model_validate(row, from_attributes=True)
