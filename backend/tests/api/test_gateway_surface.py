"""What `/v1` has besides chats, as OpenAI's SDK sees it: completions of a text, embeddings, names with slashes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tests.api.shared_portal import SharedPortal
from tests.fakes.own_routes import OwnServer

NAME = "an-org/a model:7b/instruct"
FILE = f"""\
providers:
  lab:
    kind: generic
    base_url: {{url}}
models:
  "{NAME}":
    targets: [{{{{provider: lab, model: own-model}}}}]
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[OwnServer]:
    async with OwnServer() as server:
        yield server


@pytest.fixture(scope="module")
def models_yaml(server: OwnServer) -> str:
    return FILE.format(url=server.url)


@pytest_asyncio.fixture(loop_scope="module")
async def sdk(shared: SharedPortal, server: OwnServer) -> AsyncIterator[AsyncOpenAI]:
    server.reset()
    async with AsyncOpenAI(
        base_url=f"{shared.url}/v1", api_key=shared.ada_key, max_retries=0, timeout=20
    ) as client:
        yield client


async def test_a_name_with_slashes_is_a_name(sdk: AsyncOpenAI) -> None:
    found = await sdk.models.retrieve(NAME)
    assert found.id == NAME and NAME in [model.id async for model in sdk.models.list()]
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve("an-org/another")


async def test_a_base_url_that_is_a_little_wrong_is_told_so(sdk: AsyncOpenAI, shared: SharedPortal) -> None:
    assert (await sdk.get("/models/", cast_to=object)) == (await sdk.get("/models", cast_to=object))
    hello: Any = {"model": NAME, "messages": [{"role": "user", "content": "Hello!"}]}
    for base_url, advice in ((shared.url, "ends in /v1"), (f"{shared.url}/v1/v1", "once too often")):
        with pytest.raises(openai.APIStatusError, match=advice) as refused:
            await sdk.with_options(base_url=base_url).chat.completions.create(**hello)
        assert refused.value.status_code in (404, 405)


async def test_embeddings_come_packed_and_as_numbers(sdk: AsyncOpenAI, server: OwnServer) -> None:
    usual = await sdk.embeddings.create(model=NAME, input=["one", "two"], dimensions=3, user="me")
    assert [one.embedding for one in usual.data] == [[0.0, 0.25, 0.5]] * 2 and usual.model == NAME
    assert server.bodies[0] == {
        "model": "own-model",
        "input": ["one", "two"],
        "dimensions": 3,
        "user": "me",
        "encoding_format": "base64",  # what the SDK asks for by itself
    }
    plain = await sdk.embeddings.create(model=NAME, input=[1, 2, 3], encoding_format="float")
    assert plain.data[0].embedding == [0.0, 0.25, 0.5, 0.75] and server.bodies[1]["input"] == [1, 2, 3]


async def test_completions_of_a_text_with_all_that_they_have(sdk: AsyncOpenAI, server: OwnServer) -> None:
    asked: Any = {
        "model": NAME,
        "prompt": "Go",
        "n": 2,
        "echo": True,
        "logprobs": 1,
        "suffix": "!",
        "best_of": 3,
        "logit_bias": {"50256": -100},
        "extra_body": {"a_field_of_tomorrow": 1},
    }
    whole = await sdk.completions.create(**asked)
    assert [choice.text for choice in whole.choices] == ["Go on"] * 2 and whole.model == NAME
    assert whole.choices[1].logprobs is not None and whole.choices[1].logprobs.token_logprobs == [-0.5]
    wanted = {name: value for name, value in asked.items() if name != "extra_body"}
    assert server.bodies == [{**wanted, "model": "own-model", "a_field_of_tomorrow": 1}]
    stream = await sdk.completions.create(**asked, stream=True)
    chunks = [chunk async for chunk in stream]
    assert [choice.index for chunk in chunks for choice in chunk.choices] == [0, 1]
    assert {chunk.model for chunk in chunks} == {NAME}
