"""Accounts from the terminal, tried at the running portal: what the command prints lets a person in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TEST_SECRET
from tests.fixtures.portal import BACKEND, PASSWORD, PortalProcess


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def run_cli(data_dir: Path, database_url: str) -> Callable[..., str]:
    """`run_cli("admin", "invite")` runs the command line beside the portal and returns what it prints."""

    def run(*arguments: str) -> str:
        environment = {
            "PATH": "/usr/bin:/bin",
            "PORTAL_ENV_FILE": "",
            "PORTAL_DATA_DIR": str(data_dir),
            "DATABASE_URL": database_url,
            "SECRET_KEY": TEST_SECRET,
        }
        command = [sys.executable, "-W", "error", "-m", "app", *arguments]
        done = subprocess.run(
            command, cwd=BACKEND, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr

    return run


def test_an_invitation_lets_one_person_register_where_registration_is_by_invitation(
    make_portal: Callable[..., PortalProcess], run_cli: Callable[..., str]
) -> None:
    portal = make_portal(REGISTRATION="invite")
    code = re.search(r"(\S+)\s*$", run_cli("admin", "invite", "--role", "operator"))
    assert code
    with portal.client() as client:
        body = {"email": "eve@example.org", "password": PASSWORD}
        assert client.post("/api/auth/register", json=body).status_code in (403, 422)
        invited = client.post("/api/auth/register", json=body | {"invite": code[1]})
        assert invited.status_code == 200, invited.text
        assert invited.json()["role"] == "operator"
        again = client.post("/api/auth/register", json=body | {"email": "mal@example.org", "invite": code[1]})
        assert again.status_code in (403, 422)


def test_a_reset_password_signs_in_and_must_be_changed(
    portal: PortalProcess, run_cli: Callable[..., str]
) -> None:
    portal.register("ada@example.org")
    printed = run_cli("admin", "reset-password", "ada@example.org")
    one_time = re.search(r"password\s+(\S+)", printed)
    assert one_time, printed
    with portal.client(portal.sign_in("ada@example.org", one_time[1])) as client:
        assert client.get("/api/auth/me").json()["must_change_password"] is True
    assert "nobody@example.org" in run_cli("admin", "reset-password", "nobody@example.org")


def test_nonsense_is_an_error_line_and_no_traceback(run_cli: Callable[..., str]) -> None:
    for arguments in (("admin", "invite", "--days", "0"), ("admin", "create-user", "no address")):
        printed = run_cli(*arguments)
        assert "error" in printed.lower()
        assert "Traceback" not in printed
