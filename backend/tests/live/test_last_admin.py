"""Administrators who go at the same moment: one of them stays."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from app.db.session import Database
from app.users.errors import LastAdminError
from app.users.service import UserService
from app.users.tables import User

pytestmark = pytest.mark.live


async def test_of_administrators_who_delete_their_accounts_at_once_one_is_left(database: Database) -> None:
    users = UserService(database, min_password_length=12)
    admins = [
        User(email=f"admin{number}@example.org", password_hash="x", role="admin") for number in range(4)
    ]
    async with database.transaction() as session:
        session.add_all(admins)
    ended = await asyncio.gather(*(users.delete(admin) for admin in admins), return_exceptions=True)
    assert [type(one) for one in ended if one is not None] == [LastAdminError]
    async with database.reading() as session:
        assert len((await session.scalars(select(User).where(User.role == "admin"))).all()) == 1
