"""/api/announcements for everybody who signed in; /api/admin/announcements for those who write them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from app.announcements.schemas import AnnouncementCreate, AnnouncementList, AnnouncementRead
from app.announcements.service import AnnouncementService
from app.auth.deps import CurrentAdmin, CurrentUser
from app.auth.schemas import Done

router = APIRouter(tags=["announcements"])

_ADMINS: dict[int | str, dict[str, Any]] = {403: {"description": "You are no administrator."}}


async def get_announcements(request: Request) -> AnnouncementService:
    runtime = request.app.state.runtime
    return AnnouncementService(runtime.database, runtime.clock)


Announcements = Annotated[AnnouncementService, Depends(get_announcements)]


@router.get("/api/announcements", summary="What administrators say to everybody now")
async def list_announcements(_: CurrentUser, announcements: Announcements) -> AnnouncementList:
    rows = await announcements.current()
    return AnnouncementList(items=[AnnouncementRead.model_validate(row) for row in rows])


@router.post(
    "/api/admin/announcements",
    status_code=201,
    summary="Say something to everybody",
    responses={**_ADMINS, 409: {"description": "Enough is said already."}},
)
async def create_announcement(
    _: CurrentAdmin, announcements: Announcements, wish: AnnouncementCreate
) -> AnnouncementRead:
    return AnnouncementRead.model_validate(await announcements.create(wish))


@router.delete(
    "/api/admin/announcements/{announcement_id}",
    summary="Take an announcement down",
    responses={**_ADMINS, 404: {"description": "No such announcement."}},
)
async def delete_announcement(_: CurrentAdmin, announcements: Announcements, announcement_id: str) -> Done:
    await announcements.delete(announcement_id)
    return Done()
