"""The `.env` file that the set-up writes, and the examples that document every setting."""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import PROJECT_ROOT, Settings
from tests.fixtures.setup import portal_setup  # noqa: F401 - puts the set-up's folder on the path

from portal_setup import env_file  # isort: skip

EXAMPLE = PROJECT_ROOT / ".env.example"
_SETTING = re.compile(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)


def settings_of(path: Path) -> Settings:
    return Settings(_env_file=path)  # type: ignore[call-arg]


def test_both_examples_are_equal() -> None:
    assert EXAMPLE.read_bytes() == (PROJECT_ROOT / "backend" / ".env.example").read_bytes()


def test_every_setting_is_documented_once_and_nothing_else() -> None:
    names = [name for name, _ in _SETTING.findall(EXAMPLE.read_text(encoding="utf-8"))]
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_the_documented_values_are_the_defaults(tmp_path: Path) -> None:
    everything = tmp_path / "all.env"
    everything.write_text(
        "\n".join(f"{name}={value}" for name, value in _SETTING.findall(EXAMPLE.read_text()))
    )
    empty = tmp_path / "empty.env"
    empty.touch()
    assert settings_of(everything) == settings_of(empty)


def test_it_is_made_with_random_secrets_for_its_owner_only(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        assert env_file.make_env_file(path, EXAMPLE) == ["SECRET_KEY", "ENCRYPTION_KEY"]
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    one, two = (settings_of(path) for path in paths)
    assert one.secret_key != two.secret_key and one.encryption_key != two.encryption_key
    assert len(one.secret_key.get_secret_value()) >= 32
    assert len(base64.urlsafe_b64decode(one.encryption_key.get_secret_value())) == 32
    lines = paths[0].read_text(encoding="utf-8").splitlines()
    kept = [
        line
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines()
        if not line.startswith(("SECRET", "ENCRYPTION"))
    ]
    assert [line for line in lines if not line.startswith(("SECRET", "ENCRYPTION"))] == kept, (
        "a comment was lost"
    )


def test_an_existing_file_keeps_its_values_and_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\nMY_OWN=1\n")
    path.chmod(0o644)
    assert env_file.make_env_file(path, EXAMPLE) == []
    assert path.read_text() == "SECRET_KEY=mine\nMY_OWN=1\n"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nPORTAL_PORT=8000\nB=2\n", "A=1\nPORTAL_PORT=8001\nB=2\n"),
        ("# PORTAL_PORT=8000\nB=2\n", "PORTAL_PORT=8001\nB=2\n"),
        ("B=2", "B=2\nPORTAL_PORT=8001\n"),
        ("", "PORTAL_PORT=8001\n"),
        ("PORTAL_PORT=1\nPORTAL_PORT=2\n", "PORTAL_PORT=1\nPORTAL_PORT=8001\n"),
        ("MY_PORTAL_PORT=1\n", "MY_PORTAL_PORT=1\nPORTAL_PORT=8001\n"),
    ],
)
def test_setting_a_value_changes_its_line_only(before: str, after: str) -> None:
    assert env_file.with_value(before, "PORTAL_PORT", "8001") == after


@pytest.mark.skipif(not hasattr(os, "chown"), reason="Windows keeps no owner like this")
def test_a_file_stays_with_the_account_that_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORTAL_PORT=8000\n", encoding="utf-8")
    owner = 65534 if os.geteuid() == 0 else os.geteuid()  # a service's own; only root can try it
    os.chown(file, owner, -1)
    assert env_file.set_value(file, "PORTAL_PORT", "8001")
    assert (file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)) == (owner, 0o600)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40))
def test_what_is_written_is_what_the_portal_reads(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text("LLM_MODEL_PATH=old\nMQTT_USERNAME=other\n")
    env_file.set_value(path, "LLM_MODEL_PATH", value)
    settings = settings_of(path)
    assert settings.llm_model_path == value
    assert settings.mqtt_username == "other"
    assert env_file.read_value(path, "LLM_MODEL_PATH") == value
