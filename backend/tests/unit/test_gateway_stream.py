"""The filter of `/v1` streams: whatever the pieces are cut like, the events are the same."""

from __future__ import annotations

from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.stream_filter import StreamFilter


def _event(**fields: object) -> bytes:
    return b"data: " + orjson.dumps({"model": "/models/a.gguf", **fields}) + b"\n\n"


TEXT = _event(choices=[{"delta": {"content": 'say "usage": {"model":"/models/a.gguf"} \n\n'}}])
USAGE = _event(choices=[], usage={"prompt_tokens": 7, "completion_tokens": 3})
DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"


def _run(stream: bytes, cuts: list[int], *, is_usage_wanted: bool) -> tuple[bytes, StreamFilter]:
    passing = StreamFilter("demo", is_usage_wanted=is_usage_wanted)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    fed = [passing.feed(stream[start:end]) for start, end in pairwise(places)]
    return b"".join([*fed, passing.flush()]), passing


@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_gives_the_same_events(cuts: list[int]) -> None:
    stream = TEXT + PING + TEXT + USAGE + DONE
    shown, passing = _run(stream, cuts, is_usage_wanted=False)
    assert shown.count(b'{"model":"demo"') == 2 and shown.endswith(DONE) and PING in shown
    assert b"prompt_tokens" not in shown
    assert passing.usage is not None and passing.usage.prompt_tokens == 7
    asked, _ = _run(stream, cuts, is_usage_wanted=True)
    assert orjson.loads(asked.split(b"\n\n")[-3][6:])["usage"]["completion_tokens"] == 3


def test_what_the_model_says_is_left_alone() -> None:
    shown, _ = _run(TEXT, [], is_usage_wanted=False)
    content = orjson.loads(shown[6:])["choices"][0]["delta"]["content"]
    assert content == 'say "usage": {"model":"/models/a.gguf"} \n\n'


def test_usage_beside_text_is_kept_whoever_asks() -> None:
    both = _event(choices=[{"delta": {"content": "x"}}], usage={"prompt_tokens": 1, "completion_tokens": 1})
    shown, passing = _run(both, [], is_usage_wanted=False)
    assert b'"content":"x"' in shown and passing.usage is not None


def test_carriage_returns_and_broken_json_pass() -> None:
    stream = (
        b'data: {"usage": nonsense\r\n\r\n' + USAGE.replace(b"\n", b"\r\n") + DONE.replace(b"\n", b"\r\n")
    )
    shown, passing = _run(stream, [3, 9], is_usage_wanted=False)
    assert b"nonsense" in shown and passing.usage is not None and b"prompt_tokens" not in shown
