"""Limits of people, set by administrators."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.errors import UnknownUserError
from app.admin.repository import AdminRepository
from app.audit.service import note
from app.db.session import Database
from app.limits.schemas import LimitsRead, LimitsUpdate
from app.users.tables import User


class LimitsService:
    """Each method is its own short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, user_id: int) -> LimitsRead:
        """Raises UnknownUserError."""
        async with self._database.reading() as session:
            found = await session.get(User, user_id)
            if found is None or found.is_local:
                raise UnknownUserError
            return LimitsRead.model_validate(found)

    async def set(self, user_id: int, wish: LimitsUpdate) -> LimitsRead:
        """Replace a person's limits; they count from the next request on. Raises UnknownUserError."""
        async with self._database.transaction() as session:
            user = await _found(session, user_id)
            for name, value in wish.stored().items():
                setattr(user, name, value)
            note(session, "user.limits", user.email, **wish.model_dump(mode="json"))
            return LimitsRead.model_validate(user)


async def _found(session: AsyncSession, user_id: int) -> User:
    user = await AdminRepository(session).person(user_id)
    if user is None:
        raise UnknownUserError
    return user
