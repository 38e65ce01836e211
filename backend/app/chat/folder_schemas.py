"""Folders as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from app.chat.schemas import Line

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


class FoldersChanged(BaseModel):
    changed: int
