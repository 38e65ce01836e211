"""Anthropic's Messages to chat completions and back: every kind of block, and streams cut anywhere."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.errors import UpstreamError
from app.gateway.errors import InvalidBodyError
from app.gateway.message_answers import MessageEncoder, to_message
from app.gateway.message_bodies import to_chat
from app.gateway.response_events import ResponseEncoder

USER: dict[str, Any] = {"role": "user", "content": "Hello!"}
PNG = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}


def chat(**more: Any) -> dict[str, Any]:
    return to_chat({"model": "m", "max_tokens": 9, "messages": [USER], **more})


def test_a_plain_request() -> None:
    found = chat(
        system="Be brief.", stop_sequences=["END"], temperature=0, metadata={"user_id": "u"}, top_k=5
    )
    assert found == {
        "model": "m",
        "max_tokens": 9,
        "temperature": 0,
        "top_k": 5,
        "stop": ["END"],
        "messages": [{"role": "system", "content": "Be brief."}, USER],
    }


def test_tools_and_their_results_both_ways() -> None:
    schema = {"type": "object", "properties": {"at": {"type": "string"}}}
    messages = [
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sky"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And?"},
                {
                    "type": "tool_result",
                    "tool_use_id": "call_1",
                    "content": [{"type": "text", "text": "blue"}],
                },
                {"type": "tool_result", "tool_use_id": "call_2", "content": "fog", "is_error": True},
            ],
        },
    ]
    found = chat(
        messages=messages,
        tools=[{"name": "look", "description": "Looks.", "input_schema": schema}],
        tool_choice={"type": "tool", "name": "look", "disable_parallel_tool_use": True},
    )
    assert found["messages"][1]["content"] == "I look."
    [call] = found["messages"][1]["tool_calls"]
    assert (call["id"], call["function"]["name"], orjson.loads(call["function"]["arguments"])) == (
        "call_1",
        "look",
        {"at": "sky"},
    )
    assert found["messages"][2:] == [
        {"role": "tool", "tool_call_id": "call_1", "content": "blue"},
        {"role": "tool", "tool_call_id": "call_2", "content": "Error: fog"},
        {"role": "user", "content": "And?"},
    ]
    function = {"name": "look", "description": "Looks.", "parameters": schema}
    assert found["tools"] == [{"type": "function", "function": function}]
    assert found["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    assert found["parallel_tool_calls"] is False


@pytest.mark.parametrize(("kind", "expected"), [("auto", "auto"), ("any", "required"), ("none", "none")])
def test_tool_choices(kind: str, expected: str) -> None:
    assert chat(tool_choice={"type": kind})["tool_choice"] == expected


def test_images_and_formats() -> None:
    blocks = [
        {"type": "image", "source": PNG},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "text", "text": "What is it?"},
    ]
    schema = {"type": "object"}
    config = {"format": {"type": "json_schema", "schema": schema}}
    found = chat(messages=[{"role": "user", "content": blocks}], output_config=config, stream=True)
    urls = [part["image_url"]["url"] for part in found["messages"][0]["content"][:2]]
    assert urls == ["data:image/png;base64,QUJD", "https://example.org/a.png"]
    assert found["response_format"]["json_schema"]["schema"] == schema
    assert found["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "more",
    [
        {"max_tokens": None},
        {"messages": []},
        {"messages": "hi"},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "audio"}]}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}
            ]
        },
        {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]},
        {"system": [{"type": "image", "source": PNG}]},
        {"tools": [{"type": "web_search_20260209", "name": "web_search"}]},
        {"tool_choice": {"type": "perhaps"}},
        {"tool_choice": {"type": []}},
        {"thread": {"type": "continue", "previous_message_id": "msg_1"}},
        {"compaction": {"type": "compact"}},
        {"mcp_servers": [{"type": "url", "url": "https://example.org", "name": "one"}]},
    ],
)
def test_what_cannot_be_translated_is_refused_by_name(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidBodyError) as raised:
        chat(**more)
    assert raised.value.details == {"param": next(iter(more))}


def test_whose_account_it_is_at_anthropics_goes_no_further() -> None:
    more = {"billing_policy": {"type": "x"}, "fallbacks": [{"model": "y"}], "mcp_servers": [], "thread": None}
    assert chat(**more) == chat()


def test_a_whole_answer() -> None:
    said = {"role": "assistant", "content": "Blue.", "reasoning_content": "Sky.", "tool_calls": [CALL]}
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 10}}
    data = {"model": "m", "choices": [{"message": said, "finish_reason": "tool_calls"}], "usage": usage}
    found = orjson.loads(to_message(orjson.dumps(data)))
    assert [block["type"] for block in found["content"]] == ["thinking", "text", "tool_use"]
    assert found["content"][2]["input"] == {"at": "sky"}
    assert (found["stop_reason"], found["usage"]["input_tokens"]) == ("tool_use", 2)
    assert (found["usage"]["cache_read_input_tokens"], found["usage"]["output_tokens"]) == (10, 3)


def test_an_answer_in_parts() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Sky."}]}
    parts = {"role": "assistant", "content": [thought, {"type": "text", "text": "Blue."}]}
    found = orjson.loads(to_message(orjson.dumps({"choices": [{"message": parts, "finish_reason": "stop"}]})))
    encoder = MessageEncoder()
    events = read(
        encoder.feed(chunk(parts)) + encoder.feed(chunk({"content": ""}, "stop")) + encoder.finish()
    )
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    refused = orjson.dumps({"choices": [{"message": {"content": None, "refusal": "No."}}]})
    assert orjson.loads(to_message(refused))["content"] == [{"type": "text", "text": "No."}]
    for blocks in (found["content"], deltas):
        assert [block.get("thinking") or block["text"] for block in blocks] == ["Sky.", "Blue."]


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"model": "m", "choices": [choice], **more}) + b"\n\n"


def call(index: int, **function: str) -> dict[str, Any]:
    named = {"id": f"call_{index}"} if "name" in function else {}
    return {"tool_calls": [{"index": index, **named, "function": function}]}


STREAM = b"".join(
    [
        chunk({"role": "assistant", "content": None}),
        chunk({"reasoning_content": "Sky"}),
        chunk({"reasoning_content": "?"}),
        chunk({"content": "Blü"}),
        b": keep-alive\n\n",
        chunk({"content": "e."}),
        chunk(call(0, name="look", arguments="")),
        chunk(call(0, arguments='{"at":')),
        chunk(call(0, arguments=' "sky"}')),
        chunk(call(1, name="look", arguments="{}")),
        chunk({}, "tool_calls"),
        b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 4}}\n\n',
        b"data: [DONE]\n\n",
    ]
)


def read(raw: bytes) -> list[dict[str, Any]]:
    events = []
    for frame in raw.split(b"\n\n")[:-1]:
        name, data = frame.split(b"\n")
        events.append(orjson.loads(data.removeprefix(b"data: ")))
        assert name == b"event: " + events[-1]["type"].encode()
    return events


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_stream_in_pieces_of_any_size(size: int, line_end: bytes) -> None:
    encoder = MessageEncoder()
    raw = STREAM.replace(b"\n", line_end)
    out = b"".join(encoder.feed(raw[start : start + size]) for start in range(0, len(raw), size))
    events = read(out + encoder.finish())
    starts = [event for event in events if event["type"] == "content_block_start"]
    assert [(event["index"], event["content_block"]["type"]) for event in starts] == [
        (0, "thinking"), (1, "text"), (2, "tool_use"), (3, "tool_use"),
    ]  # fmt: skip
    grown: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_delta":
            text = next(value for key, value in event["delta"].items() if key != "type")
            grown[event["index"]] = grown.get(event["index"], "") + text
    assert grown == {0: "Sky?", 1: "Blüe.", 2: '{"at": "sky"}', 3: "{}"}
    assert [event["index"] for event in events if event["type"] == "content_block_stop"] == [0, 1, 2, 3]
    assert [event["type"] for event in events][:: len(events) - 1] == ["message_start", "message_stop"]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert (events[-2]["usage"]["input_tokens"], events[-2]["usage"]["output_tokens"]) == (5, 4)


def test_a_stream_that_breaks_ends_with_an_error_and_no_message_stop() -> None:
    told = b'data: {"error": {"type": "server_error", "message": "It broke."}}\n\n'
    for ending, message in ((told, "It broke."), (b"", "The model server ended the stream in the middle.")):
        encoder = MessageEncoder()
        events = read(encoder.feed(chunk({"content": "One"}) + ending) + encoder.finish())
        assert events[-1] == {"type": "error", "error": {"type": "api_error", "message": message}}
        assert "message_stop" not in [event["type"] for event in events]


GARBAGE: list[Any] = [
    {"choices": ["x"]},
    {"choices": {"a": 1}},
    {"choices": [{"message": "x", "delta": "x"}]},
    {"choices": [{"message": {"content": [{"type": "text"}]}, "delta": {"content": [{"type": "text"}]}}]},
    {"choices": [{"message": {"tool_calls": ["x"]}, "delta": {"tool_calls": ["x"]}}]},
    {"choices": [{"message": {}, "delta": {}, "finish_reason": ["stop"]}]},
    [1],
    None,
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_makes_no_sense_is_told_as_an_error(garbage: Any) -> None:
    with pytest.raises(UpstreamError, match="makes no sense"):
        to_message(orjson.dumps(garbage))
    encoder = MessageEncoder()
    data = b"data: " + orjson.dumps(garbage) + b"\n\n"
    events = read(encoder.feed(chunk({"content": "One"}) + data) + encoder.finish())
    assert events[-1]["error"]["message"] == "The model server's answer makes no sense."


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_response_of_what_makes_no_sense_has_failed(garbage: Any) -> None:
    encoder = ResponseEncoder({"id": "resp_1", "status": "in_progress", "output": [], "error": None})
    encoder.feed(chunk({"content": "One"}) + b"data: " + orjson.dumps(garbage) + b"\n\n")
    encoder.finish(1)
    assert (encoder.response["status"], encoder.response["error"]["code"]) == ("failed", "upstream_protocol")
    assert encoder.response["output"][0]["content"][0]["text"] == "One"


def test_counts_that_are_none_are_none_used() -> None:
    usage = {"prompt_tokens": "many", "completion_tokens": [], "prompt_tokens_details": 5}
    data = {"model": "m", "choices": [{"message": {"content": "x"}}], "usage": usage}
    assert orjson.loads(to_message(orjson.dumps(data)))["usage"]["input_tokens"] == 0


@pytest.mark.parametrize(
    ("stopped_at", "expected"),
    [("END", ("stop_sequence", "END")), (None, ("end_turn", None)), (128_009, ("end_turn", None))],
)
def test_a_stop_sequence_is_named_where_the_server_does(stopped_at: Any, expected: tuple[str, Any]) -> None:
    """vLLM's `stop_reason` is a text, or the number of a token."""
    ended = {"index": 0, "finish_reason": "stop", "stop_reason": stopped_at}
    whole = orjson.loads(to_message(orjson.dumps({"choices": [{**ended, "message": {"content": "x"}}]})))
    assert (whole["stop_reason"], whole["stop_sequence"]) == expected
    encoder = MessageEncoder()
    data = b"data: " + orjson.dumps({"choices": [{**ended, "delta": {"content": "x"}}]}) + b"\n\n"
    events = read(encoder.feed(data) + encoder.finish())
    assert (events[-2]["delta"]["stop_reason"], events[-2]["delta"]["stop_sequence"]) == expected
