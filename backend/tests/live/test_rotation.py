"""ENCRYPTION_KEY is changed while portals run: what the old key sealed is read, and sealed anew."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, update

from app.audit.tables import AuditRow
from app.db.session import Database
from app.models.provider_repository import ProviderRepository
from app.models.rotation import replace_sealed, rotate_encryption
from app.models.tables import Provider
from app.models.vault import Vault

BACKEND = Path(__file__).resolve().parents[2]


def _key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


async def _store(database: Database, vault: Vault, *names: str) -> None:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        for name in names:
            session.add(
                Provider(
                    id=name,
                    name=name,
                    base_url="http://127.0.0.1:9",
                    sealed_key=vault.seal(f"sk-{name}", name),
                    allow_private_network=True,
                    offer_all=True,
                    is_enabled=True,
                    models=[],
                    created_at=now,
                    updated_at=now,
                )
            )


async def _sealed(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return {row.name: row.sealed_key or "" for row in await ProviderRepository(session).all()}


async def test_the_command_seals_anew_and_says_what_it_cannot_read(
    database: Database, database_url: str, data_dir: Path
) -> None:
    old, new = _key(), _key()
    await _store(database, Vault(old), "one", "two")
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_ENV_FILE": "",
        "DATABASE_URL": database_url,
        "PORTAL_DATA_DIR": str(data_dir),
        "ENCRYPTION_KEY": new,
        "ENCRYPTION_KEY_PREVIOUS": old,
    }

    def command() -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "app", "rotate-encryption"]
        return subprocess.run(line, cwd=BACKEND, env=environment, capture_output=True, text=True, timeout=60)

    done = command()
    assert (done.returncode, done.stdout) == (0, "2 keys are sealed with ENCRYPTION_KEY now.\n"), done.stderr
    for name, sealed in (await _sealed(database)).items():
        assert Vault(new).open(sealed, name) == f"sk-{name}", "without the previous key"
    assert command().stdout.startswith("0 keys"), "it can be run again"
    await _store(database, Vault(_key()), "lost")
    failed = command()
    assert failed.returncode == 1
    assert "lost" in failed.stderr
    async with database.reading() as session:
        lines = (await session.scalars(select(AuditRow).where(AuditRow.action == "provider.seal"))).all()
    assert [line.actor for line in lines] == ["(command line)"] * 2


async def test_a_key_that_is_entered_meanwhile_is_not_overwritten(database: Database) -> None:
    old, new = _key(), _key()
    await _store(database, Vault(old), "one")
    async with database.reading() as session:
        [stale] = await ProviderRepository(session).all()
    entered = Vault(new).seal("sk-newer", "one")
    async with database.transaction() as session:
        await session.execute(update(Provider).values(sealed_key=entered))
    assert await replace_sealed(database, stale, Vault(new).seal("sk-one", "one")) == 0
    assert (await _sealed(database))["one"] == entered
    assert (await rotate_encryption(database, Vault(new, old))).sealed_anew == 0
