"""The small building blocks."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.clock import SystemClock, isoformat
from app.kit.hashing import digest, is_equal
from app.kit.ids import is_id, new_id, new_secret
from app.kit.logging import configure_logging, note_ids, redact, request_id_var
from app.kit.pagination import BadCursorError, decode_cursor, encode_cursor
from app.kit.sse import encode


def test_ids_are_uuid7_distinct_and_sorted_by_time() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(2000)]
    after = time.time_ns() // 1_000_000
    assert len(set(ids)) == 2000
    for value in ids:
        assert is_id(value)
        parsed = UUID(value)
        assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
        assert before <= int(value[:12], 16) <= after
    assert [value[:12] for value in ids] == sorted(value[:12] for value in ids)


@pytest.mark.parametrize("text", ["", "x" * 32, "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "\x00", "é" * 32])
def test_what_is_no_id_is_told_from_one(text: str) -> None:
    assert not is_id(text)


def test_secrets_are_long_and_distinct() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret(32)) >= 43


def test_digest_is_sha256_and_comparison_takes_any_text() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert is_equal("grün", "grün")
    assert not is_equal("grün", "grun")


def test_instants_are_written_in_utc_with_a_z() -> None:
    instant = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert isoformat(instant) == "2026-11-21T10:00:00.123Z"
    assert isoformat(datetime(2026, 1, 1)) == "2026-01-01T00:00:00.000Z"


def test_the_systems_clock_is_aware_and_monotonic() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


@given(st.lists(st.one_of(st.text(), st.integers()), max_size=5))
def test_a_cursor_comes_back_as_it_was(parts: list[str | int]) -> None:
    cursor = encode_cursor(*parts)
    assert cursor.isascii()
    assert "=" not in cursor
    assert decode_cursor(cursor, *(type(part) for part in parts)) == parts


@given(st.text(max_size=40))
def test_any_other_text_is_a_bad_cursor(text: str) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(text, str, int, str)


def test_a_cursor_with_other_kinds_of_values_is_bad() -> None:
    for cursor in (encode_cursor(1, 2), encode_cursor("a"), encode_cursor("a", "b", "c")):
        with pytest.raises(BadCursorError):
            decode_cursor(cursor, str, int)


def test_an_event_is_framed_with_its_number() -> None:
    assert encode(b'{"content": "Hi"}', 7) == b'id: 7\ndata: {"content": "Hi"}\n\n'
    assert encode(b"{}") == b"data: {}\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "refused pp_abc123SECRETsecretSECRET here",
        "Authorization: Bearer SECRETsecretSECRET",
        "cookie eyJhbGciSECRETsecret.SECRETpayload.SECRETsig",
        "the key sk-abSECRETsecretSECRETsecret was refused",
        "AIzaabSECRETsecretSECRETsecret-x",
    ],
)
def test_credentials_that_slip_into_a_log_line_are_blanked(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert redact(text)[:5] == text[:5]


@pytest.fixture
def _in_a_request() -> Iterator[None]:
    token = request_id_var.set("req-1")
    yield
    request_id_var.reset(token)


@pytest.mark.usefixtures("_in_a_request")
def test_a_log_line_carries_the_requests_id(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("info")
    logging.getLogger("test").info("hello %s", "pp_abc123SECRETsecret")
    logging.getLogger("test").debug("not shown")
    assert "[req-1] hello pp_abc123…" in stream.getvalue()
    assert "not shown" not in stream.getvalue()


@pytest.mark.usefixtures("_in_a_request")
def test_a_json_line_and_the_file_have_the_id_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stream, file = io.StringIO(), tmp_path / "logs" / "portal.log"
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("info", is_json=True, file=file)
    logging.getLogger("test").info("two\nlines %s", "pp_abc123SECRETsecret")
    for text in (stream.getvalue(), file.read_text(encoding="utf-8")):
        assert text.count("\n") == 1
        line = json.loads(text)
        assert (line["request_id"], line["level"], line["logger"]) == ("req-1", "INFO", "test")
        assert line["message"] == "two\nlines pp_abc123…"


def test_lines_say_which_session_and_device_they_are_about_and_nobody_forges_them() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()

    def work() -> None:
        note_ids(device="robot-1")
        note_ids(session="a] b\n2026 ERROR")
        logging.getLogger("test").info("asked")

    configure_logging("info")
    handler.setFormatter(root.handlers[0].formatter)
    root.handlers[:] = [handler]
    contextvars.copy_context().run(work)
    logging.getLogger("test").info("another")
    first, second = stream.getvalue().splitlines()
    assert "[- device=robot-1 session=a__b_2026_ERROR] asked" in first
    assert "[-] another" in second
