"""What an import answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

_EXAMPLE: dict[str, Any] = {
    "imported": [{"session_id": "019a0f3c5e7a7c1b8f0d6a2b4c8e0f11", "title": "The maze", "messages": 12}],
    "skipped": [{"index": 1, "title": "Empty", "reason": "It has no messages."}],
}


class ImportedSession(BaseModel):
    """A conversation that is yours now."""

    session_id: str
    title: str
    messages: int


class SkippedSession(BaseModel):
    """One that was left out: its place in the file, from 0, and why."""

    index: int
    title: str
    reason: str


class ImportRead(BaseModel):
    """What became of each conversation of the file."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    imported: list[ImportedSession]
    skipped: list[SkippedSession]
