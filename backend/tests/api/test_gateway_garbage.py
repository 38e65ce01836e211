"""What comes through `/v1` when a model server answers nonsense: the right exception of the SDK, and never half an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import orjson
import pytest
import pytest_asyncio
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.api.shared_portal import SharedPortal
from tests.fakes.upstream import FakeUpstream, Reply

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
JSON = "application/json"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def upstream(shared: SharedPortal) -> FakeUpstream:
    return shared.upstream


@pytest_asyncio.fixture(loop_scope="module")
async def claude(shared: SharedPortal) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(
        base_url=shared.url, api_key=shared.ada_key, max_retries=0, timeout=20
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code"),
    [
        (b"<html>Welcome!</html>", "text/html", 502, "upstream_protocol"),
        (b"[]", JSON, 502, "upstream_protocol"),
        (b'{"error":', JSON, 502, "upstream_protocol"),
        (b'{"id": "1", "choi', JSON, 502, "upstream_protocol"),
        (b'\n \n  {\n "error": {"message": "slow down", "code": 429}}', JSON, 429, "upstream_rate_limited"),
    ],
)
async def test_what_is_no_answer_is_an_error(
    sdk: AsyncOpenAI,
    claude: AsyncAnthropic,
    upstream: FakeUpstream,
    raw: bytes,
    kind: str,
    status: int,
    code: str,
) -> None:
    upstream.queue(Reply(raw=raw, content_type=kind), Reply(raw=raw, content_type=kind))
    with pytest.raises(openai.APIStatusError) as refused:
        await sdk.chat.completions.create(model="fake-model", messages=HELLO)
    assert (refused.value.status_code, refused.value.code) == (status, code)
    with pytest.raises(anthropic.APIStatusError) as refused_there:
        await claude.messages.create(model="fake-model", max_tokens=9, messages=HELLO)
    assert refused_there.value.status_code == status


async def test_a_server_that_does_not_stream_is_streamed(
    sdk: AsyncOpenAI, claude: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    message = {"role": "assistant", "content": "Good day."}
    whole = {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    upstream.queue(*[Reply(raw=orjson.dumps(whole), content_type=JSON)] * 2)
    stream = await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=True)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "Good day."
    async with claude.messages.stream(model="fake-model", max_tokens=9, messages=HELLO) as said:
        assert await said.get_final_text() == "Good day."


async def test_a_stream_of_nonsense_raises_in_anthropics_sdk(
    claude: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    for nonsense in (b"[1]", b'{"choices": ["x"]}', b'{"type": ["x"], "choices": ["x"]}'):
        upstream.queue(Reply(raw=b"data: " + nonsense + b"\n\n"))
        with pytest.raises(anthropic.APIStatusError):
            async with claude.messages.stream(model="fake-model", max_tokens=9, messages=HELLO) as said:
                await said.get_final_message()


async def test_a_stream_that_just_ends_is_no_answer(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    begun = {"model": "m", "choices": [{"index": 0, "delta": {"content": "Half"}, "finish_reason": None}]}
    upstream.queue(Reply(raw=b"data: " + orjson.dumps(begun) + b"\n\n"))
    stream = await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=True)
    seen = []
    with pytest.raises(openai.APIError, match="ended its answer in the middle"):
        async for chunk in stream:
            seen.append(chunk.choices[0].delta.content)
    assert seen == ["Half"]


async def test_a_wait_without_end_is_no_wait(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(status=429, retry_after="inf"))
    with pytest.raises(openai.RateLimitError) as refused:
        await sdk.chat.completions.create(model="fake-model", messages=HELLO)
    assert refused.value.response.headers["retry-after"] == "5"
