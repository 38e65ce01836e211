"""Bring the database up to date and make the first admin."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.config import Settings
from app.errors import PortalError
from app.launch.errors import LaunchError
from app.launch.greeting import FirstAdmin
from app.launch.private import make_private


def prepare(settings: Settings, *, admin_email: str | None = None) -> FirstAdmin | None:
    """Migrate, and make the first admin when there is no user yet. Safe to run again, and by several replicas at once.

    Raises:
        LaunchError: the database or the data folder cannot be used.
    """
    migrate(settings)
    return asyncio.run(_first_admin(settings, admin_email))


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema, and keep it from others of the machine. Raises LaunchError."""
    from app.db.engine import async_url
    from app.db.migrate import upgrade

    try:
        settings.portal_data_dir.mkdir(parents=True, exist_ok=True)
        url = async_url(settings.database_url, settings.portal_data_dir)
        if url.get_backend_name() == "sqlite":
            for ending in ("", "-wal", "-shm"):
                make_private(Path(f"{url.database}{ending}"))
        upgrade(settings.database_url, settings.portal_data_dir)
    except PortalError as error:
        raise LaunchError(error.message) from None
    except OSError as error:
        raise LaunchError(_storage_trouble(settings, error)) from None


async def _first_admin(settings: Settings, email: str | None) -> FirstAdmin | None:
    from app.db.session import Database
    from app.users.service import ensure_first_admin

    database = Database(settings.database_url, settings.portal_data_dir)
    try:
        made = await (ensure_first_admin(database, email) if email else ensure_first_admin(database))
    except PortalError as error:
        raise LaunchError(error.message) from None
    finally:
        await database.close()
    return FirstAdmin(*made) if made else None


def _storage_trouble(settings: Settings, error: OSError) -> str:
    where = error.filename or settings.portal_data_dir
    return f"Cannot use {where}: {error.strerror or error}. Free some space, or set PORTAL_DATA_DIR to another folder."
