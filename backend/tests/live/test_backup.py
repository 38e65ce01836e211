"""A backup that was written beside a running portal brings everything back, and a wrong one harms nothing."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from app.auth.tokens import TokenMint
from app.config import Settings, load_settings
from app.db.migrate import current_revision, upgrade
from app.db.session import Database
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.launch.errors import LaunchError
from app.ops import sqlite_copy
from app.ops.backup import place_secret, restore_backup, write_backup
from app.ops.doctor import examine
from app.users.service import create_with_one_time_password
from app.users.tables import User
from tests.fixtures.portal import BACKEND


@pytest.fixture
def settings_overrides() -> dict[str, object]:
    return {"secret_key": SecretStr("")}  # so that there is a generated one


async def _people(settings: Settings) -> set[str]:
    database = Database(settings.database_url, settings.portal_data_dir)
    try:
        async with database.reading() as session:
            return set((await session.scalars(select(User.email))).all())
    finally:
        await database.close()


async def _add_person(settings: Settings, email: str) -> None:
    database = Database(settings.database_url, settings.portal_data_dir)
    try:
        await create_with_one_time_password(database, email)
    finally:
        await database.close()


async def test_what_is_backed_up_comes_back(settings: Settings, tmp_path: Path) -> None:
    archive, sign_in = tmp_path / "backup.tar.gz", new_id()
    token = TokenMint(settings).access_token(1, sign_in, SystemClock().now())
    database = Database(settings.database_url, settings.portal_data_dir)
    await create_with_one_time_password(database, "before@example.org")
    async with database.transaction() as session:  # somebody writes meanwhile
        session.add(User(email="unfinished@example.org", password_hash="x"))
        await session.flush()
        await asyncio.to_thread(write_backup, settings, archive)
    await create_with_one_time_password(database, "after@example.org")
    await database.close()
    assert archive.stat().st_mode & 0o077 == 0, "it holds everybody's conversations"
    with pytest.raises(LaunchError, match="--force"):
        await asyncio.to_thread(restore_backup, settings, archive, is_forced=False)
    assert "after@example.org" in await _people(settings)
    (settings.portal_data_dir / "secret_key").unlink()
    await asyncio.to_thread(restore_backup, settings, archive, is_forced=True)
    assert await _people(settings) == {"before@example.org"}
    claims = TokenMint(settings).read_access_token(token, SystemClock().now())
    assert claims.sign_in_id == sign_in, "the secret came back as well"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_no_backup_is_refused_and_nothing_is_changed(
    settings: Settings, tmp_path: Path
) -> None:
    strange, truncated, good = (tmp_path / f"{name}.tar.gz" for name in ("strange", "truncated", "good"))
    with tarfile.open(strange, "w:gz") as made:
        made.add(__file__, "../../escape.py")
    await asyncio.to_thread(write_backup, settings, good)
    truncated.write_bytes(good.read_bytes()[:2000])
    database = settings.portal_data_dir / "app.db"
    was = database.read_bytes()
    for archive in (strange, truncated, tmp_path / "absent.tar.gz"):
        with pytest.raises(LaunchError, match="is no backup"):
            await asyncio.to_thread(restore_backup, settings, archive, is_forced=True)
    assert database.read_bytes() == was
    with pytest.raises(LaunchError, match="exists already"):
        write_backup(settings, good)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_doctor_says_what_is_wrong_and_what_to_do(settings: Settings) -> None:
    TokenMint(settings)  # makes the secret
    kept = settings.portal_data_dir / "secret_key"
    found = {check.subject: check for check in examine(settings)}
    assert (found["database"].verdict, found["secret"].verdict) == ("ok", "ok")
    assert found["model"].verdict == "FAIL"
    assert "LLM_SERVER_URL" in found["model"].words
    kept.write_text("short\n")
    assert next(check for check in examine(settings) if check.subject == "secret").verdict == "FAIL"
    kept.chmod(0o644)
    secret = next(check for check in examine(settings) if check.subject == "secret")
    assert secret.verdict == "FAIL"
    assert "chmod 600" in secret.words
    assert kept.read_text().strip() not in "\n".join(str(check) for check in examine(settings))


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_doctor_sees_a_setting_that_is_misspelt(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.env"
    monkeypatch.setenv("PORTAL_ENV_FILE", str(file))
    for written, verdict, words in (
        ("PORTAL_PORT=8000\nPOSTGRES_PASSWORD=x\nMY_KEY=x\n", "ok", "read"),
        ("portal_prot=9000\nMQTT_BROKER_HSOT=x\n", "warn", "no setting: is PORTAL_PORT meant?"),
    ):
        file.write_text(written, encoding="utf-8")
        found = next(check for check in examine(settings) if check.subject == "settings")
        assert (found.verdict, words in found.words) == (verdict, True)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("changes", "subject", "verdict", "advice"),
    [
        ({"redis_url": "redis://127.0.0.1:9"}, "coordination", "FAIL", "check REDIS_URL"),
        ({"database_url": "postgresql://nobody@127.0.0.1:9/none"}, "database", "FAIL", "127.0.0.1"),
        ({"database_url": "oracle://x"}, "database", "FAIL", "DATABASE_URL"),
        ({"mqtt_broker_host": "127.0.0.1", "mqtt_broker_port": 9}, "mqtt", "FAIL", "MQTT_BROKER_HOST"),
        (
            {"mqtt_broker_host": "127.0.0.1", "mqtt_tls": True, "mqtt_ca_file": "/absent.pem"},
            "mqtt",
            "FAIL",
            "MQTT_CA_FILE=/absent.pem",
        ),
        ({"models_file": "{folder}/models.yaml"}, "models file", "FAIL", "line 2"),
        ({"models_file": "{folder}/absent.yaml"}, "models file", "FAIL", "check MODELS_FILE"),
        ({"llm_server_url": "", "llm_model_path": "/absent.gguf"}, "model", "FAIL", "LLM_MODEL_PATH"),
        ({"log_content": True}, "log", "warn", "LOG_CONTENT"),
        ({"log_file": "app.db/portal.log"}, "log", "FAIL", "LOG_FILE"),
        ({"encryption_key": SecretStr("nonsense")}, "encryption", "FAIL", "32 bytes"),
        ({"encryption_key": SecretStr("A" * 43)}, "provider keys", "FAIL", "those of lab"),
        ({"portal_host": "192.0.2.1"}, "port", "FAIL", "PORTAL_HOST"),
        ({"database_url": "postgresql://nobody@127.0.0.1:9/none"}, "backup", "warn", "pg_dump failed"),
    ],
)
def test_the_doctor_names_each_broken_setting(
    settings: Settings,
    tmp_path: Path,
    changes: dict[str, object],
    subject: str,
    verdict: str,
    advice: str,
) -> None:
    (tmp_path / "models.yaml").write_text("providers:\n  gpu: {base_url: 7}\n", encoding="utf-8")
    with closing(sqlite3.connect(settings.portal_data_dir / "app.db")) as database, database:
        database.execute(
            "INSERT INTO providers (id, name, base_url, sealed_key, allow_private_network, offer_all, is_enabled, models,"
            " created_at, updated_at) VALUES ('a', 'lab', 'http://x', 'c2VhbGVk', 1, 1, 1, '[]', '2026-11-21', '2026-11-21')"
        )
    filled = {
        name: value.replace("{folder}", str(tmp_path)) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    found = {check.subject: check for check in examine(settings.model_copy(update=filled))}
    assert "doctor" not in found, "a check that breaks"
    assert found[subject].verdict == verdict
    assert advice in found[subject].words


def test_a_secret_that_cannot_be_written_leaves_the_one_that_is_there(tmp_path: Path) -> None:
    kept, unreadable = tmp_path / "secret_key", tmp_path / "from the archive"
    kept.write_text("the secret of today")
    unreadable.mkdir()  # as on a disk that is full, its content does not arrive
    with pytest.raises(OSError, match="directory"):
        place_secret(unreadable, kept)
    assert kept.read_text() == "the secret of today"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["from the archive", "secret_key"]


def test_a_backup_ends_though_somebody_writes_all_the_time(tmp_path: Path) -> None:
    busy = tmp_path / "busy.db"
    with closing(sqlite3.connect(busy)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE pages (content BLOB)")
        made.executemany("INSERT INTO pages VALUES (randomblob(1000000))", [()] * 40)
        made.execute("CREATE TABLE written (number INTEGER)")
        made.commit()
    began, ended, done = Event(), Event(), Event()

    def write() -> None:
        with closing(sqlite3.connect(busy, timeout=10)) as writing:
            while not ended.is_set():
                writing.execute("INSERT INTO written VALUES (1)")
                writing.commit()
                began.set()

    def back_up() -> None:
        sqlite_copy.copy(busy, tmp_path / "copy.db")
        done.set()

    writer, copier = Thread(target=write), Thread(target=back_up, daemon=True)
    writer.start()
    assert began.wait(30)
    copier.start()
    is_done = done.wait(30)
    ended.set()
    writer.join()
    copier.join()
    assert is_done, "each write makes it begin again"


async def test_a_running_portal_is_not_restored_under(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    running = Database(settings.database_url, settings.portal_data_dir)
    await create_with_one_time_password(running, "before@example.org")
    await asyncio.to_thread(write_backup, settings, archive)
    await create_with_one_time_password(running, "after@example.org")
    with pytest.raises(LaunchError, match=r"[Ss]top"):
        await asyncio.to_thread(restore_backup, settings, archive, is_forced=True)
    await create_with_one_time_password(running, "later@example.org")
    await running.close()
    assert {"after@example.org", "later@example.org"} <= await _people(settings), "nothing was changed"
    await asyncio.to_thread(restore_backup, settings, archive, is_forced=True)
    assert await _people(settings) == {"before@example.org"}


async def test_an_older_backup_comes_back_over_a_newer_schema_and_is_migrated(
    empty_database_url: str, settings_overrides: dict[str, object], tmp_path: Path
) -> None:
    older = load_settings(
        database_url=empty_database_url, portal_data_dir=tmp_path / "older", **settings_overrides
    )
    upgrade(older.database_url, older.portal_data_dir, "0003")
    archive = tmp_path / "older.tar.gz"
    assert write_backup(older, archive)["revision"] == "0003"
    upgrade(older.database_url, older.portal_data_dir)
    await _add_person(older, "zoë@bücher.example")
    await asyncio.to_thread(restore_backup, older, archive, is_forced=True)
    assert current_revision(older.database_url, older.portal_data_dir) == "0003"
    upgrade(older.database_url, older.portal_data_dir)
    assert await _people(older) == set(), "the newer rows are gone, and every table is made anew"


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_tables_of_somebody_else_are_left_alone(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE invoices (id integer)"))
    await database.close()
    await asyncio.to_thread(write_backup, settings, archive)
    with pytest.raises(LaunchError, match=r"invoices.*empty database"):
        await asyncio.to_thread(restore_backup, settings, archive, is_forced=True)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_archive_that_is_damaged_in_its_middle_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    await _add_person(settings, "ada@example.org")
    archive = tmp_path / "backup.tar.gz"
    await asyncio.to_thread(write_backup, settings, archive)
    whole = archive.read_bytes()
    for place in (len(whole) // 4, len(whole) // 2, len(whole) - 6):
        damaged = tmp_path / f"damaged-{place}.tar.gz"
        damaged.write_bytes(
            whole[:place] + bytes(byte ^ 0xFF for byte in whole[place : place + 40]) + whole[place + 40 :]
        )
        with pytest.raises(LaunchError, match=r"is no backup|damaged"):
            await asyncio.to_thread(restore_backup, settings, damaged, is_forced=True)
    assert await _people(settings) == {"ada@example.org"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_disk_that_is_full_is_said_in_a_line_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "app", "backup", str(folder / "b.tar.gz")],
        cwd=BACKEND,
        env={
            "PATH": os.environ["PATH"],
            "PORTAL_ENV_FILE": "",
            "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        },
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert done.stderr.startswith("error: ")
    assert list(folder.iterdir()) == []
