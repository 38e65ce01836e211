"""Migrations on real databases: up, down, up; no drift from the tables in the code; many replicas starting at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import op
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db.engine import async_url
from app.db.migrate import (
    DatabaseUnusableError,
    UnknownRevisionError,
    check_drift,
    current_revision,
    downgrade,
    known_revisions,
    upgrade,
)
from app.db.registry import load_metadata
from app.db.session import Database
from tests.fixtures.portal import BACKEND
from tests.fixtures.programs import free_port

pytestmark = pytest.mark.live


def _tables(database_url: str, data_dir: Path) -> set[str]:
    async def ask() -> set[str]:
        engine = create_async_engine(async_url(database_url, data_dir))
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda plain: set(inspect(plain).get_table_names()))
        await engine.dispose()
        return names

    return asyncio.run(ask())


def test_up_down_up(empty_database_url: str, data_dir: Path) -> None:
    assert current_revision(empty_database_url, data_dir) is None
    upgrade(empty_database_url, data_dir)
    assert current_revision(empty_database_url, data_dir) == known_revisions()[-1]
    assert _tables(empty_database_url, data_dir) == {"alembic_version", *load_metadata().tables}
    downgrade(empty_database_url, data_dir, "base")
    assert _tables(empty_database_url, data_dir) == {"alembic_version"}
    assert current_revision(empty_database_url, data_dir) is None
    upgrade(empty_database_url, data_dir)
    assert _tables(empty_database_url, data_dir) == {"alembic_version", *load_metadata().tables}


def test_the_migrations_make_what_the_code_says(database_url: str, data_dir: Path) -> None:
    check_drift(database_url, data_dir)


async def test_a_drift_would_be_found(database: Database, database_url: str, data_dir: Path) -> None:
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE invites DROP COLUMN used_at"))
    with pytest.raises(CommandError, match="used_at"):
        await asyncio.to_thread(check_drift, database_url, data_dir)


async def test_it_can_be_called_where_an_event_loop_runs(empty_database_url: str, data_dir: Path) -> None:
    upgrade(empty_database_url, data_dir)
    assert current_revision(empty_database_url, data_dir) == known_revisions()[-1]


def test_a_database_of_a_newer_portal_is_refused(database_url: str, data_dir: Path) -> None:
    async def pretend() -> None:
        database = Database(database_url, data_dir)
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await database.close()

    asyncio.run(pretend())
    with pytest.raises(UnknownRevisionError, match="9999"):
        upgrade(database_url, data_dir)


def test_replicas_that_start_together_migrate_once(empty_database_url: str, data_dir: Path) -> None:
    program = "import sys; from pathlib import Path; from app.db.migrate import upgrade; upgrade(sys.argv[1], Path(sys.argv[2]))"
    command = [sys.executable, "-W", "error", "-c", program, empty_database_url, str(data_dir)]
    replicas = [
        subprocess.Popen(command, cwd=BACKEND, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = [replica.communicate(timeout=60) for replica in replicas]
    assert [(replica.returncode, *output) for replica, output in zip(replicas, outputs, strict=True)] == [
        (0, b"", b"")
    ] * 4
    assert current_revision(empty_database_url, data_dir) == known_revisions()[-1]


def test_when_all_is_done_already_alembic_is_not_even_imported(database_url: str, data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from app.db.migrate import upgrade; "
        "upgrade(sys.argv[1], Path(sys.argv[2])); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, database_url, str(data_dir)], cwd=BACKEND, check=True)


def test_a_failed_migration_changes_nothing(
    empty_database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_index = op.create_index

    def fail_late(name: str, *arguments: object, **options: object) -> None:
        if name == "ix_turns_session":
            raise RuntimeError("the power went out")
        create_index(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_index", fail_late)
    with pytest.raises(RuntimeError, match="the power went out"):
        upgrade(empty_database_url, data_dir)
    assert _tables(empty_database_url, data_dir) == set()
    monkeypatch.undo()
    upgrade(empty_database_url, data_dir)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_what_is_wrong_with_the_database_is_said_without_its_password(
    database_url: str, data_dir: Path
) -> None:
    base = database_url.rpartition("/")[0]
    for bad in (
        f"postgresql://portal:hunter2secret@127.0.0.1:{free_port()}/portal",
        f"{base}/no_such_database",
        base.replace("portal@", "nobody:hunter2secret@") + "/postgres",
    ):
        began = time.monotonic()
        with pytest.raises(DatabaseUnusableError) as caught:
            upgrade(bad, data_dir)
        assert "hunter2secret" not in caught.value.message
        assert "127.0.0.1" in caught.value.message
        assert time.monotonic() - began < 5


def test_a_file_that_is_no_database_is_said_to_be_none(data_dir: Path) -> None:
    (data_dir / "folder.db").mkdir()
    with pytest.raises(DatabaseUnusableError, match=r"folder\.db"):
        upgrade("sqlite:///folder.db", data_dir)
    (data_dir / "text.db").write_text(
        "this is not a database, but long enough to look like a file of some kind\n" * 9
    )
    with pytest.raises(DatabaseUnusableError, match="not a database"):
        upgrade("sqlite:///text.db", data_dir)
