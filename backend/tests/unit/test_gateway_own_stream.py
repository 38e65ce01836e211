"""Streams of a server's own Messages that break: what was delivered is counted."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.gateway.own_stream import MESSAGES, OwnStream


def _event(**fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (fields["type"].encode(), orjson.dumps(fields))


# as Anthropic's servers write it: the beginning tells one token of the answer, the end all of them
START = _event(type="message_start", message={"usage": {"input_tokens": 25, "output_tokens": 1}})
PIECE = _event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "word"})
COUNTED = _event(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 90})
OVERLOADED = _event(type="error", error={"type": "overloaded_error", "message": "Overloaded"})


@pytest.mark.parametrize(
    ("events", "tokens"),
    [
        (40 * PIECE, 40),
        (40 * PIECE + OVERLOADED, 40),
        (40 * PIECE + COUNTED, 90),
        (200 * PIECE + COUNTED, 90),
    ],
)
def test_a_message_that_is_cut_counts_what_came_of_it(events: bytes, tokens: int) -> None:
    stream = OwnStream(MESSAGES, "own")
    stream.feed(START + events)
    assert stream.usage is not None
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (25, tokens)
