"""The SSE parser: lines, events and UTF-8 split anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.providers import sse
from app.llm.providers.sse import SSEDecoder, SSETooLargeError

STREAM = (
    b"\xef\xbb\xbf: hello\r\n\r\n"
    b'data: {"a": "h\xc3\xa9llo \xf0\x9f\x90\xb8"}\r\n\r\n'
    b"event: message\nid: 4\ndata: one\ndata:two\n\n"
    b"retry: 10\n\n"
    b"data: cr only\r\rdata: [DONE]\n\n"
)
EVENTS = ['{"a": "héllo 🐸"}'.encode(), b"one\ntwo", b"cr only", b"[DONE]"]


def decode(parts: list[bytes]) -> list[bytes]:
    decoder = SSEDecoder()
    events = [event for part in parts for event in decoder.feed(part)]
    return events + decoder.flush()


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=40))
def test_split_anywhere_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert decode([STREAM[a:b] for a, b in pairwise(edges)]) == EVENTS


def test_byte_by_byte() -> None:
    assert decode([STREAM[i : i + 1] for i in range(len(STREAM))]) == EVENTS


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1), max_size=8
    ),
    st.integers(1, 7),
)
def test_what_is_framed_comes_out(texts: list[str], step: int) -> None:
    body = b"".join(b"data: " + text.encode() + b"\n\n" for text in texts)
    parts = [body[i : i + step] for i in range(0, len(body), step)]
    assert decode(parts) == [text.encode() for text in texts]


def test_a_last_event_without_its_blank_line_is_not_lost() -> None:
    assert decode([b"data: a\n\ndata: [DONE]"]) == [b"a", b"[DONE]"]
    assert decode([b"data: [DONE]\r"]) == [b"[DONE]"]


def test_old_error_framing_is_an_error_object() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b'error: {"code": 500}\n\n') == [b'{"error":{"code": 500}}']


def test_an_event_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    decoder = SSEDecoder()
    with pytest.raises(SSETooLargeError):
        for _ in range(20):
            decoder.feed(b"data: " + b"x" * 94 + b"\n")
