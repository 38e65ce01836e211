"""Mappings that are drafted from samples: each one reads its own samples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.models.definitions import MappingDefinition
from app.models.mapping_draft import draft
from app.models.mapping_replay import Sample, replay

CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
    "temperature": 0.2,
    "max_tokens": 7,
}
GUIDE: dict[str, Any] = {
    "request": {"prompt": "What is the capital of France?", "params": {"temp": 0.7, "max_length": 100}},
    "response": {
        "generated_text": "The capital of France is Paris.",
        "metadata": {"tokens_generated": 8, "generation_time": 0.5},
    },
    "stream": '{"chunk": "The ", "finished": false}\n{"chunk": "capital.", "finished": true}\n',
}
TGI: dict[str, Any] = {
    "request": {
        "inputs": "Hello there",
        "parameters": {"max_new_tokens": 20, "temperature": 0.5, "stop": ["\n"]},
    },
    "response": {
        "generated_text": "Hi!",
        "details": {"finish_reason": "length", "generated_tokens": 2, "prefill": []},
    },
    "stream": 'data: {"token": {"id": 1, "text": "Hi"}, "generated_text": null, "details": null}\n\n'
    'data: {"token": {"id": 2, "text": "!"}, "generated_text": "Hi!", "details": {"finish_reason": "length"}}\n\n',
}
COHERE: dict[str, Any] = {
    "request": {"model": "c", "messages": [{"role": "user", "content": "Hello"}], "p": 0.9},
    "response": {
        "id": "1",
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi!"}]},
        "usage": {"tokens": {"input_tokens": 3, "output_tokens": 2}},
    },
}
PLAIN: dict[str, Any] = {
    "request": {"query": "Hello", "system": "You are kind."},
    "response": {"result": {"answer": "Hi there!"}},
    "stream": "Hi there!",
}


@pytest.mark.parametrize(
    ("samples", "text", "streamed"),
    [
        (GUIDE, "The capital of France is Paris.", "The capital."),
        (TGI, "Hi!", "Hi!"),
        (COHERE, "Hi!", None),
        (PLAIN, "Hi there!", "Hi there!"),
    ],
)
def test_a_draft_reads_its_samples(samples: dict[str, Any], text: str, streamed: str | None) -> None:
    made = draft("/generate", samples["request"], samples["response"], None, samples.get("stream"))
    mapping = MappingDefinition.model_validate(made.mapping).mapping()
    whole = replay(mapping, Sample(chat=CHAT, response=samples["response"]))
    assert (whole.text, whole.problem) == (text, None)
    assert "Why?" in json.dumps(whole.request) and "Hello" not in json.dumps(whole.request)
    if streamed is not None:
        found = replay(mapping, Sample(stream=samples["stream"]))
        assert (found.text, found.problem) == (streamed, None)


def test_the_guides_example_needs_no_hand() -> None:
    made = draft("/generate", GUIDE["request"], GUIDE["response"], "/generate/stream", GUIDE["stream"])
    assert made.mapping["request"] == {
        "prompt": "=messages[-1].content",
        "params": {"temp": "=temperature", "max_length": "=max_tokens"},
    }
    assert made.mapping["response"]["completion_tokens"] == "metadata.tokens_generated"
    assert made.mapping["stream"] == {
        "path": "/generate/stream",
        "framing": "json",
        "content": "chunk",
        "finished": "finished",
    }


def test_a_text_that_is_told_again_at_the_end_is_not_the_streams() -> None:
    made = draft("/generate", TGI["request"], TGI["response"], None, TGI["stream"])
    assert made.mapping["stream"]["content"] == "token.text"


def test_what_cannot_be_guessed_is_said() -> None:
    made = draft("/x", {"k": 1}, {"text": "Hi"})
    assert any("prompt" in note for note in made.notes)
    with pytest.raises(ValueError, match="no text"):
        draft("/x", {"prompt": "Hi"}, {"n": 1})


def test_a_replay_says_what_is_wrong() -> None:
    mapping = MappingDefinition.model_validate(
        {
            "path": "/x",
            "request": {},
            "response": {"content": "text", "error": "error"},
            "stream": {"path": "/x", "content": "piece", "finished": "end"},
        }
    ).mapping()
    assert "nothing at 'text'" in str(replay(mapping, Sample(response={"txt": "Hi"})).problem)
    assert "full" in str(replay(mapping, Sample(response={"error": "full"})).problem)
    assert "not framed" in str(replay(mapping, Sample(stream="data: x")).problem)
    assert "is over" in str(replay(mapping, Sample(stream='{"piece": "Hi"}')).problem)
