"""/api/sessions/folders: the folders of an owner's sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from app.chat.deps import Chatter, RuntimeDep
from app.chat.folder_schemas import FolderFilling, FolderPage, FolderRename, FoldersChanged
from app.chat.folder_service import FolderService

router = APIRouter(prefix="/api/sessions/folders", tags=["sessions"])


async def _folders(runtime: RuntimeDep) -> FolderService:
    return FolderService(runtime.database, runtime.session_watch.announce)


Folders = Annotated[FolderService, Depends(_folders)]


@router.get("", summary="List folders")
async def list_folders(caller: Chatter, folders: Folders) -> FolderPage:
    return await folders.all(caller.user.id)


@router.post("/rename", summary="Rename a folder, or remove it and keep its sessions")
async def rename_folder(caller: Chatter, folders: Folders, wish: FolderRename) -> FoldersChanged:
    return await folders.rename(caller.user.id, wish.name, wish.new_name)


@router.post("/fill", summary="Put sessions into a folder")
async def fill_folder(caller: Chatter, folders: Folders, wish: FolderFilling) -> FoldersChanged:
    return await folders.put(caller.user.id, wish.name, wish.session_ids)
