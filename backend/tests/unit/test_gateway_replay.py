"""What a stream said, as a whole answer; and a whole answer, as a stream."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.replay import Folder, replayed


def _event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return (
        b"data: "
        + orjson.dumps({"id": "c", "created": 1, "model": "m", "choices": [choice], **more})
        + b"\n\n"
    )


USAGE = b'data: {"id": "c", "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}}\n\n'
DONE = b"data: [DONE]\n\n"


def _folded(*events: bytes, max_bytes: int = 100_000) -> Any:
    folder = Folder(max_bytes)
    for event in events:
        folder.feed(event)
    data = folder.whole()
    return None if data is None else orjson.loads(data)


def test_text_thinking_and_usage_come_together() -> None:
    answer = _folded(
        _event({"role": "assistant", "content": None}),
        b": keep-alive\n\n",
        _event({"reasoning_content": "Hm. "}) + _event({"reasoning_content": "So."}),
        _event({"content": "Good "}),
        _event({"content": "day"}),
        _event({}, "stop"),
        USAGE,
        DONE,
    )
    message = {"role": "assistant", "content": "Good day", "reasoning_content": "Hm. So."}
    assert answer["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    assert (answer["object"], answer["model"], answer["usage"]["completion_tokens"]) == (
        "chat.completion",
        "m",
        3,
    )


def test_tool_calls_are_put_together_by_index() -> None:
    head = {"index": 1, "id": "b", "type": "function", "function": {"name": "two", "arguments": "{"}}
    answer = _folded(
        _event({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "one", "arguments": "{}"}}]}),
        _event({"tool_calls": [head]}),
        _event({"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]}),
        _event({}, "tool_calls"),
        DONE,
    )
    calls = answer["choices"][0]["message"]["tool_calls"]
    assert [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls] == [
        ("a", "one", "{}"),
        ("b", "two", "{}"),
    ]


@pytest.mark.parametrize(
    "events",
    [
        [_event({"content": "cut"})],
        [_event({"content": "cut"}), DONE],  # no finish_reason
        [_event({"content": "cut"}, "stop")],  # no end
        [_event({}, "stop"), b'data: {"error": {"message": "no"}}\n\n', DONE],
        [_event({}, "stop"), b"data: {no json\n\n", DONE],
        [
            _event({"audio": {"data": "AAAA"}}),
            _event({}, "stop"),
            DONE,
        ],  # what is not understood would be lost
        [_event({"content": [{"type": "text", "text": "x"}]}), _event({}, "stop"), DONE],
        [_event({"content": "x" * 300}), _event({}, "stop"), DONE],  # larger than allowed
        [DONE],
        [],
    ],
)
def test_what_did_not_end_well_is_not_kept(events: list[bytes]) -> None:
    assert _folded(*events, max_bytes=300) is None


@given(text=st.text(max_size=300), thought=st.text(max_size=100), is_usage_wanted=st.booleans())
def test_a_replay_says_the_same(text: str, thought: str, is_usage_wanted: bool) -> None:
    message = {"role": "assistant", "content": text, "reasoning_content": thought}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length"}
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    whole = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }
    events = list(replayed(orjson.dumps(whole), is_usage_wanted=is_usage_wanted))
    again = _folded(*events)
    said = again["choices"][0]["message"]
    assert (said["content"] or "", said.get("reasoning_content", "")) == (text, thought)
    assert again["choices"][0]["finish_reason"] == "length"
    assert ("usage" in again) is is_usage_wanted
    shown = [orjson.loads(event[6:]) for event in events[:-1]]
    assert all(chunk["choices"] for chunk in shown) is not is_usage_wanted
