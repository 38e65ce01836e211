"""Rows of sign-ins, and the one query that every request makes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, Row, Update, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tables import SignIn
from app.keys.tables import ApiKey
from app.users.tables import User

# made once: every request runs one of them
_WITH_USER = (
    select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.id == bindparam("sign_in_id"))
)
_KEY_WITH_USER = (
    select(ApiKey, User)
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.secret_hash == bindparam("secret_hash"))
)


class SignInRepository:
    """Look-ups and writes in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def with_user(self, sign_in_id: str) -> Row[SignIn, User] | None:
        return (await self._session.execute(_WITH_USER, {"sign_in_id": sign_in_id})).one_or_none()

    async def key_with_user(self, secret_hash: str) -> Row[ApiKey, User] | None:
        return (await self._session.execute(_KEY_WITH_USER, {"secret_hash": secret_hash})).one_or_none()

    async def add(self, sign_in: SignIn) -> None:
        self._session.add(sign_in)
        await self._session.flush()

    async def began_at(self, sign_in_id: str) -> datetime | None:
        """Return when the password was given."""
        found: datetime | None = await self._session.scalar(
            select(SignIn.created_at).where(SignIn.id == sign_in_id)
        )
        return found

    async def rotate(
        self, sign_in_id: str, old_hash: str, new_hash: str, now: datetime, expires_at: datetime
    ) -> bool:
        """Replace the current token's hash in one step; False when another request was faster, or it has ended."""
        return await self._changed(
            update(SignIn)
            .where(
                SignIn.id == sign_in_id,
                SignIn.token_hash == old_hash,
                SignIn.revoked_at.is_(None),
                SignIn.expires_at > now,
            )
            .values(
                token_hash=new_hash,
                previous_hash=old_hash,
                rotated_at=now,
                last_used_at=now,
                expires_at=expires_at,
            )
        )

    async def revoke(self, sign_in_id: str, now: datetime, user_id: int | None = None) -> bool:
        """Revoke one, of this user if given; False when there was none to revoke."""
        query = update(SignIn).where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
        if user_id is not None:
            query = query.where(SignIn.user_id == user_id)
        return await self._changed(query.values(revoked_at=now))

    async def revoke_all(self, user_id: int, now: datetime) -> None:
        query = update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
        await self._session.execute(query.values(revoked_at=now))

    async def living(self, user_id: int, now: datetime) -> Sequence[SignIn]:
        query = (
            select(SignIn)
            .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
            .order_by(SignIn.last_used_at.desc(), SignIn.id.desc())
        )
        return (await self._session.scalars(query)).all()

    async def prune(self, user_id: int, now: datetime, keep: int) -> None:
        """Delete the user's ended sign-ins, and all but the `keep` used last."""
        ended = or_(SignIn.revoked_at.is_not(None), SignIn.expires_at <= now)
        await self._session.execute(delete(SignIn).where(SignIn.user_id == user_id, ended))
        surplus = (
            select(SignIn.id)
            .where(SignIn.user_id == user_id)
            .order_by(SignIn.last_used_at.desc(), SignIn.id.desc())
            .offset(keep)
        )
        await self._session.execute(delete(SignIn).where(SignIn.id.in_(surplus)))

    async def touch(self, sign_in_id: str, now: datetime) -> None:
        await self._session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_used_at=now))

    async def _changed(self, statement: Update) -> bool:
        result = await self._session.execute(statement)
        assert isinstance(result, CursorResult)
        return result.rowcount == 1
