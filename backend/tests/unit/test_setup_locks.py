"""The hash-pinned package lists: as the requirements say, every package with hashes, and no address in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]
_LISTS = (
    "requirements",
    "requirements-dev",
    "requirements-amqtt",
    "requirements-node",
    "requirements-openmp",
)
_PAIRS = [(f"{name}.txt", f"{name}.lock") for name in _LISTS]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in _PINNED.findall(text)}


@pytest.mark.parametrize(("source", "lock"), _PAIRS)
def test_a_lock_file_says_what_its_requirements_say(source: str, lock: str) -> None:
    wanted = pins((BACKEND / source).read_text(encoding="utf-8"))
    locked = pins((BACKEND / lock).read_text(encoding="utf-8"))
    assert wanted, source
    assert {name: locked.get(name) for name in wanted} == wanted, "run scripts/lock"


@pytest.mark.parametrize("lock", [lock for _, lock in _PAIRS])
def test_every_package_has_hashes_and_no_address_is_named(lock: str) -> None:
    text = (BACKEND / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.partition("\n")[2].strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|index-url|find-links", text)


def test_what_the_tests_install_is_what_people_run() -> None:
    runtime = pins((BACKEND / "requirements.lock").read_text(encoding="utf-8"))
    developer = pins((BACKEND / "requirements-dev.lock").read_text(encoding="utf-8"))
    assert {name: developer.get(name) for name in runtime} == runtime
