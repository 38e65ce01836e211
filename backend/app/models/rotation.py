"""Seals the stored providers' keys anew after ENCRYPTION_KEY has changed, while the portal runs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CursorResult, update

from app.audit.service import note
from app.db.session import Database
from app.models.provider_repository import ProviderRepository
from app.models.tables import Provider
from app.models.vault import SealedSecretError, Vault


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was found."""

    sealed_anew: int
    unreadable: tuple[str, ...]
    """Providers whose keys neither of the two encryption keys opens."""


async def rotate_encryption(database: Database, vault: Vault) -> Rotated:
    """Seal with the new key whatever the previous one still opens. Safe to run again, and beside running replicas."""
    async with database.reading() as session:
        rows = await ProviderRepository(session).all()
    sealed_anew, unreadable = 0, []
    for row in rows:
        if row.sealed_key is None or vault.is_current(row.sealed_key, row.id):
            continue
        try:
            secret = vault.open(row.sealed_key, row.id)
        except SealedSecretError:
            unreadable.append(row.name)
            continue
        sealed_anew += await replace_sealed(database, row, vault.seal(secret, row.id))
    return Rotated(sealed_anew, tuple(unreadable))


async def unreadable_keys(database: Database, vault: Vault) -> tuple[str, ...]:
    """Return the providers whose stored keys none of the encryption keys opens."""
    async with database.reading() as session:
        rows = await ProviderRepository(session).all()
    return tuple(
        row.name for row in rows if row.sealed_key is not None and not vault.opens(row.sealed_key, row.id)
    )


async def replace_sealed(database: Database, row: Provider, sealed: str) -> int:
    """Store it for a row that was read, unless somebody has entered another key meanwhile."""
    is_same = (Provider.id == row.id) & (Provider.sealed_key == row.sealed_key)
    async with database.transaction() as session:
        result = await session.execute(update(Provider).where(is_same).values(sealed_key=sealed))
        assert isinstance(result, CursorResult)
        if result.rowcount:
            note(session, "provider.seal", row.name)
    return int(result.rowcount)
