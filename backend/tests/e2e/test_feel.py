"""How the page behaves where only a browser with a layout can tell (`frontend/e2e/feel.mjs`), on the built page."""

from __future__ import annotations

import re
import subprocess

import pytest

from app.config import PROJECT_ROOT
from tests.fixtures.programs import find_node

pytestmark = pytest.mark.e2e
_FAILED = re.compile(r"^FAIL  (.+)$", re.MULTILINE)


def _feel(*names: str) -> str:
    """Run the checks whose names have these words, or all; return what they said."""
    run = subprocess.run(
        [find_node(), "e2e/feel.mjs", *names],
        cwd=PROJECT_ROOT / "frontend",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=200,
    )
    assert run.returncode in (0, 1), run.stdout
    return run.stdout


@pytest.mark.timeout(300)
def test_the_page_feels_right() -> None:
    first = _feel()
    assert first.count("\nok ") + first.startswith("ok ") + len(_FAILED.findall(first)) >= 18, first
    # they go by the clock: one that a busy machine disturbed must pass by itself
    again = "".join(_feel(name) for name in _FAILED.findall(first))
    assert not _FAILED.search(again), f"{first}\nagain:\n{again}"
