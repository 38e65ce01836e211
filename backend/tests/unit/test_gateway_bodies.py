"""What is read off a body of `/v1` before anybody is asked: whether it can be used, and how much it may cost."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.gateway.bodies import longest_answer, prompt_bytes, read_body
from app.gateway.errors import InvalidBodyError
from app.llm.prompt_size import prompt_tokens_of


@pytest.mark.parametrize(
    ("operation", "body", "longest"),
    [
        ("chat/completions", {"max_tokens": 10}, 10),
        ("chat/completions", {"max_tokens": 10, "n": 3}, 30),
        ("chat/completions", {"max_completion_tokens": 5, "max_tokens": 10}, 10),
        ("chat/completions", {"max_completion_tokens": None, "max_tokens": 10, "n": None}, 10),
        ("chat/completions", {"max_tokens": 1, "n_predict": 500}, 500),  # llama.cpp goes by the second
        ("chat/completions", {"max_tokens": -1, "n": -4}, None),
        ("chat/completions", {"max_tokens": True}, None),
        ("completions", {"prompt": "a", "max_tokens": 10, "best_of": 4, "n": 2}, 40),
        ("completions", {"prompt": ["a", "b", "c"], "max_tokens": 10}, 30),
        ("completions", {"prompt": [1, 2, 3], "max_tokens": 10}, 10),
        ("completions", {"prompt": [[1, 2], [3]], "max_tokens": 10}, 20),
        ("completions", {"prompt": [], "max_tokens": 10}, 10),
        ("embeddings", {"max_tokens": 10}, 0),
    ],
)
def test_all_that_may_be_answered_is_reserved(
    operation: str, body: dict[str, Any], longest: int | None
) -> None:
    assert longest_answer(body, operation) == longest


def test_a_prompt_of_tokens_has_a_length() -> None:
    """LangChain sends embeddings' texts as numbers of tokens."""
    assert prompt_bytes({"input": [[1] * 300, [2] * 700]}) >= 3 * 1000
    assert prompt_bytes({"prompt": list(range(100))}) >= 3 * 100


def test_only_a_files_data_counts_as_a_file() -> None:
    log = "data: " + "x" * 90_000
    assert prompt_bytes({"messages": [{"role": "user", "content": log}]}) > 90_000
    assert prompt_tokens_of(log) > 20_000
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 90_000}}
    assert prompt_bytes({"messages": [{"role": "user", "content": [image]}]}) < 5_000
    assert prompt_tokens_of([image]) < 100


def test_a_body_may_be_long_and_not_deep() -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "[[{{" * 200}]}
    long = {"messages": [message] * 500, "stream": None}
    assert "stream" not in read_body(orjson.dumps(long), "messages")
    deep = orjson.dumps(long)[:-1] + b', "x": %b}' % (b'{"a": ' * 250 + b"1" + b"}" * 250)
    with pytest.raises(InvalidBodyError, match="nested more than 200 levels"):
        read_body(deep, "messages")
