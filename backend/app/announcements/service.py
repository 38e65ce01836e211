"""Announcements: put up, read, taken down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, or_, select

from app.announcements.errors import AnnouncementNotFoundError, TooManyAnnouncementsError
from app.announcements.schemas import AnnouncementCreate
from app.announcements.tables import Announcement
from app.audit.service import note
from app.db.session import Database
from app.kit.clock import Clock
from app.kit.ids import is_id, new_id

MAX_SHOWN = 5


class AnnouncementService:
    """Every method is its own short transaction; who may write is the doors' check."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def current(self) -> Sequence[Announcement]:
        """Return what is to be read now, the newest first."""
        async with self._database.reading() as session:
            return (await session.scalars(_current(self._clock.now()))).all()

    async def create(self, wish: AnnouncementCreate) -> Announcement:
        """Put one up. Raises TooManyAnnouncementsError."""
        now = self._clock.now()
        row = Announcement(
            id=new_id(),
            text=wish.text,
            tone=wish.tone,
            created_at=now,
            ends_at=now + timedelta(hours=wish.hours) if wish.hours is not None else None,
        )
        async with self._database.transaction() as session:
            if len((await session.scalars(_current(now))).all()) >= MAX_SHOWN:
                raise TooManyAnnouncementsError(MAX_SHOWN)
            await session.execute(delete(Announcement).where(Announcement.ends_at <= now))
            session.add(row)
            note(session, "announcement.create", wish.text, at=now)
        return row

    async def delete(self, announcement_id: str) -> None:
        """Take one down. Raises AnnouncementNotFoundError."""
        async with self._database.transaction() as session:
            row = await session.get(Announcement, announcement_id) if is_id(announcement_id) else None
            if row is None:
                raise AnnouncementNotFoundError
            await session.delete(row)
            note(session, "announcement.delete", row.text, at=self._clock.now())


def _current(now: datetime) -> Select[Announcement]:
    is_shown = or_(Announcement.ends_at.is_(None), Announcement.ends_at > now)
    return select(Announcement).where(is_shown).order_by(Announcement.id.desc())
