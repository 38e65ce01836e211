"""Accounts from the terminal: for whoever has lost the way in, with the rights of the machine's own user."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.audit.service import TERMINAL, actor_var
from app.db.session import Database
from app.errors import PortalError
from app.launch.errors import LaunchError
from app.launch.prepare import migrate
from app.launch.settings import read_settings
from app.users.schemas import Role


async def create_user(email: str, role: Role) -> str:
    """Make an account and return its one-time password. Raises LaunchError."""
    from app.users.service import create_with_one_time_password

    return await _with_database(lambda database: create_with_one_time_password(database, email, role))


async def reset_password(email: str) -> str:
    """Give an account a one-time password, end its sign-ins, and return the password. Raises LaunchError."""
    from app.auth.service import reset_to_one_time_password

    return await _with_database(lambda database: reset_to_one_time_password(database, email))


async def invite(role: Role, days: int) -> str:
    """Make an invitation code that is good for one registration within so many days. Raises LaunchError."""
    from app.users.service import UserService

    async def make(database: Database) -> str:
        users = UserService(database, min_password_length=read_settings().password_min_length)
        return await users.create_invite(role=role, valid_for=timedelta(days=days))

    return await _with_database(make)


async def _with_database(work: Callable[[Database], Awaitable[str]]) -> str:
    settings = read_settings()
    await asyncio.to_thread(migrate, settings)
    database = Database(settings.database_url, settings.portal_data_dir)
    actor_var.set(TERMINAL)
    try:
        return await work(database)
    except PortalError as error:
        raise LaunchError(error.message) from None
    finally:
        await database.close()
