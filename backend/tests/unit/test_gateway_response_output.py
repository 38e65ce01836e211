"""What responses are made of by translation: calls of custom tools, refusals, answers in parts, and how likely tokens were."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.gateway.custom_tools import arguments_of, custom_function, input_of
from app.gateway.response_bodies import beginning
from app.gateway.response_events import ResponseEncoder


def _said(**delta: Any) -> bytes:
    return b"data: " + orjson.dumps({"choices": [{"delta": delta}]}) + b"\n\n"


def _chunk(call: dict[str, Any] | None = None, finish_reason: str | None = None) -> bytes:
    delta = {"tool_calls": [call]} if call is not None else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


@pytest.mark.parametrize("finish", ["tool_calls", "length", None])
def test_a_call_in_pieces_is_told_once_it_is_whole(finish: str | None) -> None:
    body = {"tools": [{"type": "custom", "name": "run"}]}
    encoder = ResponseEncoder(beginning(body, "resp_1", 0, "m"))
    events = [*encoder.begin(), *encoder.start()]
    first = {"index": 0, "id": "call_1", "function": {"name": "run", "arguments": ""}}
    events += encoder.feed(_chunk(first))
    pieces = ('{"inp', 'ut": "2 ', '+ 2"', "}") if finish == "tool_calls" else ('{"inp', 'ut": "2 ')
    for piece in pieces:
        events += encoder.feed(_chunk({"index": 0, "function": {"arguments": piece}}))
    if finish is not None:
        events += encoder.feed(_chunk(finish_reason=finish))
    events += encoder.finish(1)
    told = [orjson.loads(event) for event in events]
    [call] = encoder.response["output"]
    expected = "2 + 2" if finish == "tool_calls" else '{"input": "2 '
    assert (call["type"], call["name"], call["call_id"], call["input"]) == (
        "custom_tool_call", "run", "call_1", expected,
    )  # fmt: skip
    assert [event["delta"] for event in told if "delta" in event] == [expected]
    assert [event["sequence_number"] for event in told] == [*range(len(told))]


@pytest.mark.parametrize("text", ["", "a", 'say "hi"\n\u00fc', "{}", '{"input": 1}'])
def test_an_input_comes_back_as_it_was(text: str) -> None:
    assert input_of(arguments_of(text)) == text


@pytest.mark.parametrize("arguments", ["", "[]", "7", "{}", '{"input": 7}', "{", "null", '"input"'])
def test_what_is_no_such_object_is_the_input_itself(arguments: str) -> None:
    assert input_of(arguments) == arguments


def test_a_grammar_is_told_to_the_model() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
    with_grammar = custom_function({"name": "run", "description": "Runs.", "format": grammar})
    assert with_grammar["description"] == "Runs."
    assert "(lark)" in str(with_grammar["parameters"]) and "start: WORD" in str(with_grammar["parameters"])
    assert "grammar" not in str(custom_function({"name": "run", "format": {"type": "text"}}))


def test_how_likely_tokens_were_is_told_with_the_whole_text_live_and_again() -> None:
    tokens = [{"token": token, "logprob": -0.5, "bytes": [], "top_logprobs": []} for token in ("One", " two")]
    encoder = ResponseEncoder(beginning({"top_logprobs": 1}, "resp_1", 0, "m"))
    events = [*encoder.begin(), *encoder.start()]
    for token, odd in zip(tokens, ({}, {"refusal": None}), strict=True):
        choice = {"delta": {"content": token["token"]}, "logprobs": {"content": [token], **odd}}
        events += encoder.feed(b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n")
    odd_choice = {"delta": {"content": "."}, "logprobs": ["no", "sense"]}
    events += encoder.feed(b"data: " + orjson.dumps({"choices": [odd_choice]}) + b"\n\n")
    events += [*encoder.feed(_chunk(finish_reason="stop")), *encoder.finish(1)]
    [message] = encoder.response["output"]
    assert message["content"][0]["text"] == "One two." and message["content"][0]["logprobs"] == tokens
    again = ResponseEncoder({**encoder.response, "status": "in_progress", "output": [], "usage": None})
    told = [*again.begin(), *again.start(), *again.replay(encoder.response["output"], encoder.pieces or [])]
    told += again.conclude(encoder.response)
    assert told[2:] == events[2:]


@pytest.mark.parametrize(
    ("deltas", "told"),
    [
        ([{"refusal": "I wi"}, {"refusal": "ll not."}], [("message", "refusal", "I will not.")]),
        (
            [
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}]},
                {"content": [{"type": "text", "text": "4"}, {"type": "reference", "reference_ids": [1]}]},
                {"content": "2"},
            ],
            [("reasoning", "reasoning_text", "Let me see."), ("message", "output_text", "42")],
        ),
        ([{"content": "Well: "}, {"refusal": "no."}], [("message", "output_text", "Well: "), ("message", "refusal", "no.")]),
    ],
    ids=["a refusal", "parts, as Mistral's", "a text and then a refusal"],
)  # fmt: skip
def test_refusals_and_answers_in_parts_are_told_live_and_again(deltas: list[Any], told: list[Any]) -> None:
    encoder = ResponseEncoder(beginning({}, "resp_1", 0, "m"))
    events = [*encoder.begin(), *encoder.start()]
    for delta in deltas:
        events += encoder.feed(_said(**delta))
    events += [*encoder.feed(_chunk(finish_reason="stop")), *encoder.finish(1)]
    assert encoder.response["status"] == "completed"
    output = encoder.response["output"]
    found = [(item["type"], item["content"][0]) for item in output]
    assert [(kind, part["type"], part.get("text") or part.get("refusal")) for kind, part in found] == told
    again = ResponseEncoder({**encoder.response, "status": "in_progress", "output": [], "usage": None})
    replayed = [*again.begin(), *again.start(), *again.replay(output, encoder.pieces or [])]
    assert [*replayed, *again.conclude(encoder.response)][2:] == events[2:]
