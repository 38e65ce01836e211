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
    heads = ("| area", "| chapter")
    rows = [line for line in _PAGE.splitlines() if line.startswith("| ") and not line.startswith(heads)]
    assert [row for row in rows if "`tests/" not in row] == []


def test_every_chapter_of_the_standard_is_met_or_said_not_to_apply() -> None:
    table, _, rest = _PAGE.partition("Not applicable:")
    told = re.findall(r"^\| V(\d+) ", table, re.MULTILINE) + re.findall(
        r"\bV(\d+) \(", rest.partition("##")[0]
    )
    assert sorted(map(int, told)) == list(range(1, 18))
