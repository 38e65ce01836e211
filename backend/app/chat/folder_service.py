"""Lists, renames and empties an owner's folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.chat.folder_repository import FolderRepository
from app.chat.folder_schemas import FolderPage, FolderRead, FoldersChanged
from app.db.session import Database


class FolderService:
    """A folder is there as long as a session names it; one that nobody has is simply empty."""

    def __init__(self, database: Database, announce: Callable[[int, str | None], None]) -> None:
        self._database = database
        self._announce = announce

    async def all(self, user_id: int) -> FolderPage:
        async with self._database.reading() as db:
            counts = await FolderRepository(db).counts(user_id)
        return FolderPage(items=[FolderRead(name=name, sessions=count) for name, count in counts])

    async def rename(self, user_id: int, name: str, new_name: str | None) -> FoldersChanged:
        async with self._database.transaction() as db:
            session_ids = await FolderRepository(db).rename(user_id, name, new_name)
        self._announce(user_id, None)
        return FoldersChanged(changed=len(session_ids), session_ids=session_ids)

    async def put(self, user_id: int, name: str, session_ids: Sequence[str]) -> FoldersChanged:
        async with self._database.transaction() as db:
            found = await FolderRepository(db).put(user_id, name, session_ids)
        self._announce(user_id, None)
        return FoldersChanged(changed=len(found), session_ids=found)
