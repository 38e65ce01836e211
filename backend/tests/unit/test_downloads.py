"""Names of files to save, made of people's texts."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.downloads import attachment


@pytest.mark.parametrize(
    ("title", "plain", "full"),
    [
        ("The maze", "The maze.json", "The maze.json"),
        ("Weg / Übung: «1»?", "Weg Ubung 1.json", "Weg Übung «1».json"),
        ("出口", "conversation.json", "出口.json"),
        ("", "conversation.json", "conversation.json"),
        ("../../etc/passwd", "etc passwd.json", "etc passwd.json"),
        ('a"; filename="b.exe', "a ; filename= b.exe.json", "a ; filename= b.exe.json"),
        ("con", "con-.json", "con-.json"),
        ("COM1.txt", "COM1.txt-.json", "COM1.txt-.json"),
        ("evil\u202egnp.exe\r\nx-header: 1", "evil gnp.exe x-header 1.json", "evil gnp.exe x-header 1.json"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(title: str, plain: str, full: str) -> None:
    header = attachment(title, "json")["content-disposition"]
    shown, _, encoded = header.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert unquote(encoded) == full
    assert shown.replace(";", "-").replace("=", "-") == plain.replace(";", "-").replace("=", "-")


@given(st.text(max_size=300))
def test_no_title_breaks_the_header(title: str) -> None:
    header = attachment(title, "md")["content-disposition"]
    header.encode("ascii")
    assert header.count('"') == 2
    assert not {"\r", "\n", "/", "\\"} & set(header)
    assert len(header) < 1200
