"""`/v1/messages` as Anthropic's SDK sees it, over a chat-completions server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
import pytest_asyncio
from anthropic import AsyncAnthropic

from tests.api.shared_portal import SharedPortal
from tests.fakes.upstream import FakeUpstream, Reply

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
}
TOOL: Any = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def upstream(shared: SharedPortal) -> FakeUpstream:
    shared.upstream.requests.clear()
    return shared.upstream


@pytest_asyncio.fixture(loop_scope="module")
async def sdk(shared: SharedPortal) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(
        base_url=shared.url, auth_token=shared.ada_key, api_key=None, max_retries=0, timeout=20
    ) as client:
        yield client


async def test_a_message_whole_and_streamed(sdk: AsyncAnthropic, upstream: FakeUpstream) -> None:
    whole = await sdk.messages.create(model="fake-model", max_tokens=50, messages=HELLO, system="Be brief.")
    assert whole._request_id
    assert (whole.content[0].type, whole.stop_reason, whole.model) == ("text", "end_turn", "fake-model")
    assert (
        whole.usage.output_tokens > 0
        and whole.usage.input_tokens + (whole.usage.cache_read_input_tokens or 0) > 0
    )
    assert upstream.requests[0].body["messages"][0] == {"role": "system", "content": "Be brief."}
    async with sdk.messages.stream(model="fake-model", max_tokens=50, messages=HELLO) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert text == "You said: Hello!" == getattr(whole.content[0], "text", None)
    assert final.stop_reason == "end_turn" and final.usage.output_tokens == whole.usage.output_tokens


async def test_the_key_goes_as_anthropics_clients_send_it(shared: SharedPortal) -> None:
    async with AsyncAnthropic(base_url=shared.url, api_key=shared.ada_key, max_retries=0, timeout=20) as sdk:
        answer = await sdk.messages.create(model="fake-model", max_tokens=50, messages=HELLO)
        assert answer.stop_reason == "end_turn"
        counted = await sdk.messages.count_tokens(model="fake-model", messages=HELLO)
        assert counted.input_tokens > 0
    async with AsyncAnthropic(base_url=shared.url, api_key="pp_nobody", max_retries=0) as sdk:
        with pytest.raises(anthropic.AuthenticationError):
            await sdk.messages.create(model="fake-model", max_tokens=50, messages=HELLO)


async def test_tools_are_called_and_answered(sdk: AsyncAnthropic, upstream: FakeUpstream) -> None:
    upstream.queue(*[Reply(text="", tool_calls=[CALL], finish_reason="tool_calls")] * 2)
    whole = await sdk.messages.create(model="fake-model", max_tokens=50, messages=HELLO, tools=[TOOL])
    async with sdk.messages.stream(model="fake-model", max_tokens=50, messages=HELLO, tools=[TOOL]) as stream:
        streamed = await stream.get_final_message()
    for message in (whole, streamed):
        block = message.content[-1]
        assert block.type == "tool_use" and message.stop_reason == "tool_use"
        assert (block.id, block.name, block.input) == ("call_1", "get_weather", {"city": "Oslo"})
    result: Any = {"type": "tool_result", "tool_use_id": "call_1", "content": "snow"}
    messages = [*HELLO, whole.to_param(), {"role": "user", "content": [result]}]
    upstream.queue(Reply(text="It snows."))
    answer = await sdk.messages.create(model="fake-model", max_tokens=50, messages=messages, tools=[TOOL])
    assert getattr(answer.content[0], "text", None) == "It snows."
    assert upstream.requests[-1].body["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "snow",
    }


async def test_what_the_sdk_can_send_arrives_as_a_chat_completion(
    sdk: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    image: Any = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    system: Any = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    question: Any = [
        {"type": "text", "text": "What is it?", "cache_control": {"type": "ephemeral"}},
        {"type": "image", "source": image},
    ]
    await sdk.messages.create(
        model="fake-model",
        max_tokens=50,
        system=system,
        messages=[{"role": "user", "content": question}],
        stop_sequences=["END"],
        thinking={"type": "enabled", "budget_tokens": 1024},
        metadata={"user_id": "someone"},
        extra_body={"temperature": 0, "top_k": 5, "a_field_of_the_servers": 1},
    )
    sent = upstream.requests[0].body
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            ],
        },
    ]
    assert sent["stop"] == ["END"] and sent["temperature"] == 0 and sent["top_k"] == 5
    assert sent["a_field_of_the_servers"] == 1
    assert {"thinking", "metadata", "system", "stop_sequences"} & set(sent) == set()


async def test_a_streams_events_come_in_anthropics_order(sdk: AsyncAnthropic, upstream: FakeUpstream) -> None:
    upstream.queue(
        Reply(chunks=["It ", "snows."], reasoning="Cold.", tool_calls=[CALL], finish_reason="tool_calls")
    )
    stream = await sdk.messages.create(
        model="fake-model", max_tokens=50, messages=HELLO, tools=[TOOL], stream=True
    )
    kinds = [event.type async for event in stream]
    once = [kind for number, kind in enumerate(kinds) if number == 0 or kinds[number - 1] != kind]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert once == ["message_start", *block, *block, *block, "message_delta", "message_stop"]


async def test_tokens_are_counted_by_the_server_without_an_answer(
    sdk: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    short = await sdk.messages.count_tokens(model="fake-model", messages=HELLO)
    longer = await sdk.messages.count_tokens(
        model="fake-model", messages=HELLO, system="Be brief.", tools=[TOOL]
    )
    assert 0 < short.input_tokens < longer.input_tokens and upstream.requests == []
    assert "Be brief." in upstream.tokenize_calls
    with pytest.raises(anthropic.NotFoundError):
        await sdk.messages.count_tokens(model="fake-modl", messages=HELLO)


async def test_thinking_is_a_block_of_its_own(sdk: AsyncAnthropic, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(text="42", reasoning="Let me see."))
    async with sdk.messages.stream(model="fake-model", max_tokens=50, messages=HELLO) as stream:
        message = await stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text"]


async def test_errors_raise_the_sdks_classes(sdk: AsyncAnthropic, upstream: FakeUpstream) -> None:
    ask: Any = {"max_tokens": 5, "messages": HELLO}
    with pytest.raises(anthropic.NotFoundError) as unknown:
        await sdk.messages.create(model="fake-modl", **ask)
    assert "fake-model" in str(unknown.value)
    with pytest.raises(anthropic.BadRequestError):
        await sdk.messages.create(
            model="fake-model", max_tokens=5, messages=[{"role": "robot", "content": "x"}]
        )  # type: ignore[typeddict-item]
    with pytest.raises(anthropic.AuthenticationError) as refused:
        await sdk.with_options(auth_token="pp_nobody").messages.create(model="fake-model", **ask)
    assert isinstance(refused.value.body, dict) and refused.value.body["type"] == "error"
    assert refused.value.request_id == refused.value.body["request_id"]  # by which the log has it
    upstream.queue(Reply(status=429, retry_after="7"))
    with pytest.raises(anthropic.RateLimitError) as busy:
        await sdk.messages.create(model="fake-model", **ask)
    assert busy.value.response.headers["retry-after"] == "7"
    upstream.queue(Reply(status=500))
    with pytest.raises(anthropic.InternalServerError):
        await sdk.messages.create(model="fake-model", **ask)


async def test_a_stream_that_breaks_raises_and_one_that_is_left_is_stopped(
    sdk: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(chunks=["One ", "two"], cut_after=1, chunk_delay_seconds=0.05))
    with pytest.raises(anthropic.APIStatusError):
        async with sdk.messages.stream(model="fake-model", max_tokens=50, messages=HELLO) as stream:
            await stream.get_final_message()
    upstream.queue(Reply(chunks=["One "] * 500, chunk_delay_seconds=0.05))
    async with sdk.messages.stream(model="fake-model", max_tokens=50, messages=HELLO) as stream:
        async for _ in stream.text_stream:
            break
    await upstream.wait_until(lambda: bool(upstream.aborted), 2)
