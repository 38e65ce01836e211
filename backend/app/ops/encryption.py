"""Changes ENCRYPTION_KEY from the terminal, beside running replicas."""

from __future__ import annotations

import asyncio

from app.audit.service import TERMINAL, actor_var
from app.config import Settings
from app.db.session import Database
from app.errors import PortalError
from app.launch.errors import LaunchError
from app.models.rotation import Rotated, rotate_encryption
from app.models.vault import create_vault


def rotate(settings: Settings) -> Rotated:
    """Seal what the previous key opens with the new one. Raises LaunchError."""
    vault = create_vault(settings)
    if not vault.is_usable:
        raise LaunchError("ENCRYPTION_KEY must be 32 random bytes in URL-safe base64.")
    return asyncio.run(_rotate(settings))


async def _rotate(settings: Settings) -> Rotated:
    database = Database(settings.database_url, settings.portal_data_dir)
    actor_var.set(TERMINAL)
    try:
        return await rotate_encryption(database, create_vault(settings))
    except PortalError as error:
        raise LaunchError(error.message) from None
    finally:
        await database.close()
