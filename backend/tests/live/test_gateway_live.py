"""`/v1` over the real llama.cpp: OpenAI's SDK, synchronous and not, streams, tools by grammar, and what it cannot do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.fixtures.portal import PortalProcess

HELLO: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]


class Size(BaseModel):
    big: bool


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def sdk(make_portal: Callable[..., PortalProcess]) -> Iterator[OpenAI]:
    portal = make_portal(LLM_SERVER_URL="")
    deadline = time.monotonic() + 20
    with portal.client(portal.register()) as page:
        while page.get("/api/llm/health").json()["status"] != "healthy":
            assert time.monotonic() < deadline, "the model did not come"
            time.sleep(0.1)
        key = page.post("/api/keys", json={"name": "sdk"}).json()["key"]
    with OpenAI(base_url=f"{portal.base_url}/v1", api_key=key, max_retries=0, timeout=60) as client:
        yield client


def test_the_sdk_talks_to_the_demo_model(sdk: OpenAI) -> None:
    model = next(iter(sdk.models.list())).id
    whole = sdk.chat.completions.create(model="auto", messages=HELLO, temperature=0, max_tokens=60)
    assert whole.model == model and whole.usage is not None and whole.usage.completion_tokens > 1
    streamed = sdk.chat.completions.create(
        model=model, messages=HELLO, temperature=0, max_tokens=60, stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices)
    assert text == whole.choices[0].message.content and "Paris" in text

    plain = sdk.completions.create(model=model, prompt="Hello", max_tokens=4, temperature=0)
    assert plain.usage is not None and plain.usage.completion_tokens == 4

    format_: Any = {
        "type": "json_schema",
        "json_schema": {
            "name": "city",
            "schema": {
                "type": "object",
                "properties": {"big": {"type": "boolean"}},
                "required": ["big"],
                "additionalProperties": False,
            },
        },
    }
    shaped = sdk.chat.completions.create(
        model=model, messages=HELLO, response_format=format_, max_tokens=300, temperature=0
    )
    assert "".join((shaped.choices[0].message.content or "").split()) in ('{"big":true}', '{"big":false}')

    asked = sdk.responses.create(model="auto", input=HELLO[0]["content"], temperature=0, max_output_tokens=60)
    assert asked.output_text == whole.choices[0].message.content and asked.usage is not None
    parsed = sdk.responses.parse(model=model, input="Is it big?", text_format=Size, max_output_tokens=300)
    assert isinstance(parsed.output_parsed, Size)

    with pytest.raises(openai.BadRequestError, match="embedding"):
        sdk.embeddings.create(model=model, input="a text")
