"""Rows of users and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.users.tables import Invite, User


class UserRepository:
    """Look-ups and writes in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_email(self, email: str) -> User | None:
        return await self._session.scalar(select(User).where(User.email == email))

    async def by_id(self, user_id: int) -> User | None:
        return await self._session.get(User, user_id)

    async def local_user_id(self) -> int | None:
        return await self._session.scalar(select(User.id).where(User.is_local).limit(1))

    async def has_people(self) -> bool:
        """Tell whether anybody has an account; the local owner of scripts is nobody."""
        return await self._session.scalar(select(User.id).where(~User.is_local).limit(1)) is not None

    async def lock_admins(self) -> list[int]:
        """Return who can administer, holding them: of those who go at the same moment, one sees that they are the last."""
        query = (
            select(User.id).where(User.role == "admin", User.is_active).order_by(User.id).with_for_update()
        )
        return list((await self._session.scalars(query)).all())

    async def add(self, user: User) -> User:
        """Insert; raises sqlalchemy's IntegrityError when the address is taken."""
        self._session.add(user)
        await self._session.flush()
        return user

    async def set_password(
        self, user_id: int, password_hash: str, *, must_change: bool | None = None
    ) -> None:
        values: dict[str, object] = {"password_hash": password_hash}
        if must_change is not None:
            values["must_change_password"] = must_change
        await self._session.execute(update(User).where(User.id == user_id).values(**values))

    async def delete(self, user_id: int) -> None:
        """Delete the user; foreign keys take everything that was theirs along."""
        await self._session.execute(delete(User).where(User.id == user_id))

    async def add_invite(self, invite: Invite) -> None:
        self._session.add(invite)
        await self._session.flush()

    async def open_invite(self, code_hash: str, now: datetime) -> Invite | None:
        return await self._session.scalar(
            select(Invite).where(
                Invite.code_hash == code_hash, Invite.used_at.is_(None), Invite.expires_at > now
            )
        )

    async def open_invites(self, now: datetime) -> Sequence[Invite]:
        is_open = Invite.used_at.is_(None), Invite.expires_at > now
        return (await self._session.scalars(select(Invite).where(*is_open).order_by(Invite.id.desc()))).all()

    async def withdraw_invite(self, invite_id: str) -> bool:
        query = delete(Invite).where(Invite.id == invite_id, Invite.used_at.is_(None))
        result = await self._session.execute(query)
        assert isinstance(result, CursorResult)
        return result.rowcount == 1

    async def use_invite(self, invite_id: str, user_id: int, now: datetime) -> bool:
        """Mark it used; False when somebody else was faster."""
        result = await self._session.execute(
            update(Invite)
            .where(Invite.id == invite_id, Invite.used_at.is_(None))
            .values(used_at=now, used_by=user_id)
        )
        assert isinstance(result, CursorResult)
        return result.rowcount == 1
