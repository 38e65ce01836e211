"""The command line on a fresh database: prepare, accounts, passwords."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main
from app.config import PROJECT_ROOT, get_settings
from app.db.session import Database
from app.users.errors import InvalidCredentialsError
from app.users.service import UserService
from app.users.tables import User

pytestmark = pytest.mark.live


@pytest.fixture
def data_folder(tmp_path: Path) -> Iterator[Path]:
    before = dict(os.environ)
    os.environ["PORTAL_DATA_DIR"] = str(tmp_path / "data")
    get_settings.cache_clear()
    yield tmp_path / "data"
    os.environ.clear()
    os.environ.update(before)
    get_settings.cache_clear()


def sign_in(data_folder: Path, email: str, password: str) -> User:
    async def authenticate() -> User:
        database = Database("sqlite:///./app.db", data_folder)
        try:
            return await UserService(database, min_password_length=12).authenticate(email, password)
        finally:
            await database.close()

    return asyncio.run(authenticate())


def one_time_password(shown: str) -> str:
    return shown.partition("one-time password")[2].split()[0]


def test_the_first_admin_is_made_once(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "--admin-email", "Ada@Studio.local"]) == 0
    shown = capsys.readouterr().out
    assert "ada@studio.local" in shown
    password = shown.partition("Password")[2].split()[0]
    admin = sign_in(data_folder, "ada@studio.local", password)
    assert (admin.role, admin.must_change_password) == ("admin", True)
    assert main(["prepare"]) == 0
    assert capsys.readouterr().out == ""


def test_an_account_is_made_and_its_password_replaced(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "create-user", "bob@studio.local", "--role", "operator"]) == 0
    first = one_time_password(capsys.readouterr().out)
    assert sign_in(data_folder, "bob@studio.local", first).role == "operator"
    assert main(["admin", "reset-password", "bob@studio.local"]) == 0
    second = one_time_password(capsys.readouterr().out)
    assert sign_in(data_folder, "bob@studio.local", second).must_change_password
    with pytest.raises(InvalidCredentialsError):
        sign_in(data_folder, "bob@studio.local", first)


@pytest.mark.parametrize("action", ["create-user", "reset-password"])
def test_what_cannot_be_done_is_said_in_a_line(
    data_folder: Path, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "create-user", "bob@studio.local"]) == 0
    name = "bob@studio.local" if action == "create-user" else "eve@studio.local"
    capsys.readouterr()
    assert main(["admin", action, name]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and len(error.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="portal.bat is for Windows")
def test_the_command_works_from_any_folder_and_takes_paths_as_they_are_meant(tmp_path: Path) -> None:
    command = PROJECT_ROOT / "portal"
    linked = tmp_path / "portal"
    linked.symlink_to(command)
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_ENV_FILE": "",
        "PORTAL_DATA_DIR": str(tmp_path / "data"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(linked), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    made = run("prepare")
    assert made.returncode == 0, made.stderr
    assert run("backup", "b.tar.gz").returncode == 0
    assert (tmp_path / "b.tar.gz").is_file()
    refused = run("restore", "b.tar.gz")
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert "usage: portal" in run("--help").stdout
