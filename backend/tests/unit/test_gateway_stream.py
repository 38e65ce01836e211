"""The filter of `/v1` streams: whatever the pieces are cut like, the events are the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
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


def _call(index: int, call_id: str, name: str, arguments: Any) -> bytes:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    call = {"index": index, "function": function} | ({"id": call_id} if call_id else {})
    return _event(choices=[{"index": 0, "delta": {"tool_calls": [call]}}])


def _calls(shown: bytes) -> list[tuple[int, str]]:
    """Return the calls as a client puts them together that goes by their index."""
    found: dict[int, str] = {}
    for event in shown.split(b"\n\n")[:-1]:
        for call in orjson.loads(event[6:])["choices"][0]["delta"]["tool_calls"]:
            found[call["index"]] = found.get(call["index"], "") + call["function"]["arguments"]
    return sorted(found.items())


@given(cuts=st.lists(st.integers(0, 1000), max_size=6))
def test_calls_that_share_an_index_are_told_apart(cuts: list[int]) -> None:
    same = _call(0, "a", "look", '{"at":1}') + _call(0, "b", "look", '{"at":2}') + _call(1, "c", "go", "{}")
    shown, _ = _run(same, cuts, is_usage_wanted=False)
    assert _calls(shown) == [(0, '{"at":1}'), (1, '{"at":2}'), (2, "{}")]


def test_arguments_that_are_no_text_become_one() -> None:
    same = _call(0, "a", "look", {"at": 1}) + _call(0, "b", "look", {"at": 2})
    assert _calls(_run(same, [], is_usage_wanted=False)[0]) == [(0, '{"at":1}'), (1, '{"at":2}')]


@pytest.mark.parametrize(
    "stream",
    [
        _call(0, "a", "look", "") + _call(0, "", "", '{"at"') + _call(0, "", "", ":1}"),
        _call(0, "a", "look", '{"at"') + _call(0, "another", "look", ":1}"),  # older vLLM servers
        _call(0, "a", "look", '{"at":1}') + _call(0, "a", "look", ""),
    ],
)
def test_pieces_of_one_call_stay_together(stream: bytes) -> None:
    shown, _ = _run(stream, [], is_usage_wanted=False)
    assert shown == stream.replace(b"/models/a.gguf", b"demo") and _calls(shown) == [(0, '{"at":1}')]


@pytest.mark.parametrize("end", [DONE, USAGE, DONE.strip(), _event(choices=[{"finish_reason": "stop"}])])
def test_a_stream_that_ends_without_its_end_was_cut(end: bytes) -> None:
    assert _run(TEXT + end + PING, [], is_usage_wanted=False)[1].is_cut is False
    after = TEXT + _event(choices=[{"finish_reason": "stop"}]) + _event(choices=[])
    assert not _run(after, [len(after) - 20], is_usage_wanted=False)[1].is_cut
    assert _run(TEXT + PING, [], is_usage_wanted=False)[1].is_cut
    assert _run(_event(choices=[{"delta": {}, "finish_reason": None}]), [], is_usage_wanted=False)[1].is_cut


def test_a_stream_may_say_a_little_more_after_its_end() -> None:
    stream = TEXT + _event(choices=[{"finish_reason": "stop"}]) + _event(choices=[]) + _event(x_server={})
    cuts = [place for place in range(len(stream)) if stream.startswith(b"data:", place)]
    assert _run(stream, cuts, is_usage_wanted=False)[1].is_cut is False


def test_a_whole_answer_to_who_wants_a_stream_becomes_one() -> None:
    message = {"role": "assistant", "content": "Hello there"}
    whole: dict[str, Any] = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    shown, passing = _run(orjson.dumps(whole), [], is_usage_wanted=False)
    *events, last, rest = shown.split(b"\n\n")
    chunks = [orjson.loads(event[6:]) for event in events]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hello there"
    assert (last, rest, {chunk["model"] for chunk in chunks}) == (b"data: [DONE]", b"", {"demo"})
    assert not passing.is_cut
    assert _run(b'{"choices": {"a": 1}}', [], is_usage_wanted=False)[1].is_cut
