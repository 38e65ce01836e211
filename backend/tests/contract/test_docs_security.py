"""Each line of the tables in docs/security.md and docs/gateway.md names tests that exist."""

from __future__ import annotations

import ast
import re

import pytest

from app.config import PROJECT_ROOT

_PAGE = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_GATEWAY = (PROJECT_ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [_PAGE, _GATEWAY], ids=["security", "gateway"])
def test_every_test_that_the_page_names_exists(page: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 25
    missing = []
    for file, name in named:
        source = (PROJECT_ROOT / "backend" / file).read_text(encoding="utf-8")
        functions = {node.name for node in ast.parse(source).body if hasattr(node, "name")}
        if name not in functions:
            missing.append(f"{file}::{name}")
    assert missing == []


def test_every_line_of_the_table_has_a_test() -> None:
    rows = [line for line in _PAGE.splitlines() if line.startswith("| ") and not line.startswith("| area")]
    assert [row for row in rows if "`tests/" not in row] == []
