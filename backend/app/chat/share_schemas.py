"""Shares as their owner sees them, and as a stranger does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_TOKEN = "dGhpcy1pcy1qdXN0LWFuLWV4YW1wbGUx"  # noqa: S105 - an example
_CREATED: dict[str, Any] = {
    "token": _TOKEN,
    "url": f"https://portal.example.org/s/{_TOKEN}",
    "created_at": "2026-11-21T09:40:00Z",
}
_SHARED: dict[str, Any] = {
    "title": "The maze",
    "created_at": "2026-11-21T09:40:00Z",
    "updated_at": "2026-11-21T09:40:00Z",
    "messages": [
        {
            "role": "user",
            "content": "Which way is out?",
            "reasoning": None,
            "files": ["map.png"],
            "created_at": "2026-11-21T09:30:00Z",
        }
    ],
}


class ShareCreate(BaseModel):
    """What the link shows. Reasoning often repeats the system prompt, so it is left out unless asked for."""

    model_config = ConfigDict(extra="forbid")

    include_reasoning: bool = False


class ShareCreated(BaseModel):
    """A new link. The portal keeps only a hash of the token: this is the one time that it is shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CREATED]})

    token: str
    url: str
    created_at: datetime


class ShareState(BaseModel):
    """Whether there is a link, and what it shows; `is_outdated`: the conversation has gone on since."""

    is_shared: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None
    includes_reasoning: bool = False
    messages: int = 0
    is_outdated: bool = False


class SharedMessage(BaseModel):
    role: Literal["user", "assistant"]
    content: str
    reasoning: str | None
    files: list[str] = Field(description="The names of its files, which are not shared themselves")
    created_at: datetime


class SharedSession(BaseModel):
    """A conversation to read, as it was at `updated_at`; nothing of its owner, its model or its system prompt."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHARED]})

    title: str
    created_at: datetime
    updated_at: datetime
    messages: list[SharedMessage]
