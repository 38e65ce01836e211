"""Thinking is told from the answer wherever the chunks are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.reasoning import ThinkSplitter


def split(parts: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    fed = [splitter.feed(part) for part in parts] + [splitter.flush()]
    return "".join(content for content, _ in fed), "".join(reasoning for _, reasoning in fed)


CASES = [
    ("<think>I ponder < 3</think>\n\nHello", ("Hello", "I ponder < 3")),
    ("  \n<think>\na\n</think> b", ("b", "\na\n")),
    ("<think></think>\n\nHi there", ("Hi there", "")),
    ("<think>one</think><think>two</think>three", ("three", "onetwo")),
    ("The tag <think> is written </think>.", ("The tag <think> is written </think>.", "")),
    ("<thinking> is no tag", ("<thinking> is no tag", "")),
    ("<think>never closed </thin", ("", "never closed </thin")),
    ("<thi", ("<thi", "")),
    ("   two words  ", ("   two words  ", "")),
    ("", ("", "")),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
@given(data=st.data())
def test_thinking_leaks_into_no_answer_however_it_is_cut(
    text: str, expected: tuple[str, str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    edges = [0, *cuts, len(text)]
    assert split([text[a:b] for a, b in pairwise(edges)]) == expected


def test_content_flows_at_once_when_the_head_is_over() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("H") == ("H", "")
    assert splitter.is_answer
    assert splitter.feed("<think>") == ("<think>", "")
