"""Folders as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.chat.schemas import Line, SessionId

MAX_FILLING = 10_000
_FILLING: dict[str, Any] = {"name": "games", "session_ids": ["maze-7", "maze-8"]}
_RENAME: dict[str, Any] = {"name": "games", "new_name": "Maze games"}


class FolderRead(BaseModel):
    """A folder, with how many sessions it holds that are not archived."""

    name: str
    sessions: int


class FolderPage(BaseModel):
    items: list[FolderRead]


class FolderRename(BaseModel):
    """`new_name`: null takes every session out of the folder, and so removes it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_RENAME]})

    name: Line
    new_name: Line | None


class FolderFilling(BaseModel):
    """Sessions that go into a folder, which need not be there yet. Ids of nobody's or others' sessions are passed over."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_FILLING]})

    name: Line
    session_ids: list[SessionId] = Field(min_length=1, max_length=MAX_FILLING)


class FoldersChanged(BaseModel):
    """How many sessions have another folder now, and which: with them a removal can be undone."""

    changed: int
    session_ids: list[str]
