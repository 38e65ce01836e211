"""`/v1/responses` as OpenAI's SDK sees it, over a chat-completions server."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import orjson
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.api.shared_portal import SharedPortal
from tests.fakes.upstream import FakeUpstream, Reply

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
}
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}


class City(BaseModel):
    name: str
    people: int


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def upstream(shared: SharedPortal) -> FakeUpstream:
    shared.upstream.requests.clear()
    return shared.upstream


async def ended(sdk: AsyncOpenAI, response_id: str) -> Any:
    """Poll until a response is over."""
    async with asyncio.timeout(5):
        while (found := await sdk.responses.retrieve(response_id)).status in ("queued", "in_progress"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


async def test_a_response_whole_streamed_and_read_again(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    whole = await sdk.responses.create(
        model="fake-model",
        input="Hello!",
        instructions="Be brief.",
        max_output_tokens=50,
        metadata={"a": "b"},
    )
    assert (whole.output_text, whole.status, whole.model) == ("You said: Hello!", "completed", "fake-model")
    assert (
        whole.usage is not None
        and whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens
    )
    sent = upstream.requests[0].body
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."} and sent["max_tokens"] == 50
    async with sdk.responses.stream(model="fake-model", input="Hello!") as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    assert final.output_text == "You said: Hello!"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    again = await sdk.responses.retrieve(whole.id)
    assert again.to_dict() == whole.to_dict()
    items = await sdk.responses.input_items.list(whole.id)
    assert items.data[0].to_dict()["content"] == [{"type": "input_text", "text": "Hello!"}]


async def test_a_conversation_goes_on_from_the_previous_response(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    first = await sdk.responses.create(model="fake-model", input="One.", instructions="Not carried over.")
    second = await sdk.responses.create(model="fake-model", input="Two.", previous_response_id=first.id)
    await sdk.responses.create(model="fake-model", input="Three.", previous_response_id=second.id)
    assert [message["content"] for message in upstream.requests[-1].body["messages"]] == [
        "One.", "You said: One.", "Two.", "You said: Two.", "Three.",
    ]  # fmt: skip
    await sdk.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError, match="was deleted"):
        await sdk.responses.create(model="fake-model", input="Four.", previous_response_id=second.id)


async def test_tools_are_called_and_answered(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(*[Reply(text="", tool_calls=[CALL], finish_reason="tool_calls")] * 2)
    asked: Any = {"model": "fake-model", "input": "The weather?", "tools": [TOOL]}
    whole = await sdk.responses.create(**asked)
    async with sdk.responses.stream(**asked) as stream:
        streamed = await stream.get_final_response()
    for response in (whole, streamed):
        call: Any = response.output[-1]
        assert (call.type, call.call_id, call.name, call.arguments) == (
            "function_call", "call_1", "get_weather", '{"city": "Oslo"}',
        )  # fmt: skip
    assert upstream.requests[0].body["tools"][0]["function"]["name"] == "get_weather"
    result: Any = {"type": "function_call_output", "call_id": "call_1", "output": "snow"}
    upstream.queue(Reply(text="It snows."))
    answer = await sdk.responses.create(
        model="fake-model", input=[result], previous_response_id=whole.id, tools=[TOOL]
    )
    assert answer.output_text == "It snows."
    assert upstream.requests[-1].body["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "snow"},
    ]


async def test_custom_tools_take_and_give_texts(
    sdk: AsyncOpenAI, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = 'print("grüße")\n'
    arguments = orjson.dumps({"input": code}).decode()
    call = {"id": "call_7", "type": "function", "function": {"name": "run", "arguments": arguments}}
    plain = {"id": "call_8", "type": "function", "function": {"name": "run", "arguments": "no JSON"}}
    upstream.queue(*[Reply(text="", tool_calls=[call, CALL, plain], finish_reason="tool_calls")] * 2)
    grammar = {"type": "grammar", "syntax": "regex", "definition": "print.*"}
    run: Any = {"type": "custom", "name": "run", "description": "Runs Python.", "format": grammar}
    asked: Any = {"model": "fake-model", "input": "Greet.", "tools": [run, TOOL]}
    whole = await sdk.responses.create(**asked, tool_choice={"type": "custom", "name": "run"})
    assert upstream.requests[0].body["tool_choice"] == {"type": "function", "function": {"name": "run"}}
    function = upstream.requests[0].body["tools"][0]["function"]
    assert (function["name"], function["parameters"]["required"]) == ("run", ["input"])
    assert "print.*" in function["parameters"]["properties"]["input"]["description"]
    live: Any = await sdk.responses.create(**asked, background=True, stream=True)
    events = [event async for event in live]
    for response in (whole, events[-1].response):
        items: list[Any] = response.output
        assert [(item.type, item.call_id) for item in items] == [
            ("custom_tool_call", "call_7"), ("function_call", "call_1"), ("custom_tool_call", "call_8"),
        ]  # fmt: skip
        assert (items[0].input, items[2].input) == (code, "no JSON")
    assert [event.delta for event in events if event.type.endswith("call_input.delta")] == [code, "no JSON"]
    monkeypatch.setattr("app.gateway.response_background._log_of", lambda row_id: f"gone-{row_id}")
    again: Any = await sdk.responses.retrieve(events[-1].response.id, stream=True)
    told = [event.to_dict() async for event in again]
    assert [event["type"] for event in told] == [event.type for event in events]
    assert [event["sequence_number"] for event in told] == [*range(len(events))]
    assert told[-1] == events[-1].to_dict()
    result: Any = {"type": "custom_tool_call_output", "call_id": "call_7", "output": "grüße"}
    await sdk.responses.create(**{**asked, "input": [result]}, previous_response_id=whole.id)
    said = upstream.requests[-1].body["messages"]
    assert said[1]["tool_calls"][0] == call
    assert said[-1] == {"role": "tool", "tool_call_id": "call_7", "content": "grüße"}


async def test_an_answer_is_parsed_by_a_pydantic_model(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(text='{"name": "Oslo", "people": 700000}', reasoning="Let me see."))
    parsed = await sdk.responses.parse(model="fake-model", input="A city", text_format=City)
    assert parsed.output_parsed == City(name="Oslo", people=700000)
    assert [item.type for item in parsed.output] == ["reasoning", "message"]
    assert upstream.requests[0].body["response_format"]["json_schema"]["name"] == "City"


async def test_a_response_in_the_background_is_polled_and_streamed_again(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(chunks=["One ", "two ", "three"], chunk_delay_seconds=0.02))
    live = await sdk.responses.create(model="fake-model", input="Count.", background=True, stream=True)
    seen = []
    async for event in live:
        seen.append(event.to_dict())
        if event.type == "response.output_text.delta":
            break
    await live.close()
    response_id = str(seen[0]["response"]["id"])  # type: ignore[index,call-overload]
    rest = await sdk.responses.retrieve(response_id, stream=True, starting_after=seen[-1]["sequence_number"])  # type: ignore[call-overload]
    seen += [event.to_dict() async for event in rest]
    assert [event["sequence_number"] for event in seen] == list(range(len(seen)))
    assert (
        "".join(event["delta"] for event in seen if event["type"].endswith("text.delta")) == "One two three"
    )
    found = await ended(sdk, response_id)
    assert found.status == "completed" and found.output_text == "One two three" and found.background is True


async def test_events_whose_log_is_gone_are_made_again_with_their_numbers(
    sdk: AsyncOpenAI, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.queue(Reply(text="It snows. ", reasoning="Cold.", tool_calls=[CALL], finish_reason="tool_calls"))
    live = await sdk.responses.create(
        model="fake-model", input="The weather?", tools=[TOOL], background=True, stream=True
    )
    seen = [event.to_dict() async for event in live]
    monkeypatch.setattr("app.gateway.response_background._log_of", lambda row_id: f"gone-{row_id}")
    response_id = str(seen[0]["response"]["id"])  # type: ignore[index,call-overload]
    again = [event.to_dict() async for event in await sdk.responses.retrieve(response_id, stream=True)]
    deltas = [[event for event in events if "delta" in event] for events in (seen, again)]
    assert deltas[0] == deltas[1] and len(deltas[0]) >= 3
    assert [event["type"] for event in seen] == [event["type"] for event in again]
    assert seen[-1] == again[-1]


async def test_a_response_in_the_background_is_stopped(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(chunks=["One "] * 500, chunk_delay_seconds=0.02))
    begun = await sdk.responses.create(model="fake-model", input="Count.", background=True)
    assert begun.status == "queued"
    await upstream.wait_until(lambda: upstream.active == 1)
    await asyncio.sleep(0.1)
    stopped = await sdk.responses.cancel(begun.id)
    assert stopped.status == "cancelled" and stopped.output_text.startswith("One ")
    await upstream.wait_until(lambda: bool(upstream.aborted), 1)
    whole = await sdk.responses.create(model="fake-model", input="Hello!")
    with pytest.raises(openai.BadRequestError, match="background"):
        await sdk.responses.cancel(whole.id)


async def test_a_response_in_the_background_that_fails_says_so(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(chunks=["One ", "two"], error_after=2))
    live = await sdk.responses.create(model="fake-model", input="Count.", background=True, stream=True)
    events: list[Any] = [event async for event in live]
    assert events[-1].type == "response.failed" and events[-1].response.error.message
    found = await ended(sdk, events[-1].response.id)
    assert found.status == "failed" and found.output[0].content[0].text == "One "
    upstream.queue(Reply(status=400))
    refused = await sdk.responses.create(model="fake-model", input="Count.", background=True)
    found = await ended(sdk, refused.id)
    assert found.status == "failed" and found.error.code == "upstream_rejected"
    # who has seen events that went with the process is told the end all the same
    rest = await sdk.responses.retrieve(found.id, stream=True, starting_after=99)
    assert [event.type async for event in rest] == ["response.failed"]
    with pytest.raises(openai.BadRequestError, match="failed"):
        await sdk.responses.create(model="fake-model", input="On.", previous_response_id=refused.id)


async def test_nothing_of_another_person_is_found(shared: SharedPortal, sdk: AsyncOpenAI) -> None:
    mine = await sdk.responses.create(model="fake-model", input="A secret.", background=True)
    await ended(sdk, mine.id)
    async with sdk.with_options(api_key=shared.eve_key) as hers:
        for ask in (
            hers.responses.retrieve(mine.id),
            hers.responses.retrieve(mine.id, stream=True),
            hers.responses.cancel(mine.id),
            hers.responses.delete(mine.id),
        ):
            with pytest.raises(openai.NotFoundError):
                await ask
        with pytest.raises(openai.NotFoundError):
            await hers.responses.input_items.list(mine.id)
        with pytest.raises(openai.BadRequestError):
            await hers.responses.create(model="fake-model", input="And?", previous_response_id=mine.id)


async def test_what_store_says_is_done(sdk: AsyncOpenAI) -> None:
    unstored = await sdk.responses.create(model="fake-model", input="Hello!", store=False)
    assert unstored.output_text
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.retrieve(unstored.id)
    with pytest.raises(openai.BadRequestError):
        await sdk.responses.create(model="fake-model", input="Hello!", store=False, background=True)


async def test_errors_raise_the_sdks_classes(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    with pytest.raises(openai.NotFoundError, match="fake-model"):
        await sdk.responses.create(model="fake-modl", input="Hello!")
    web: Any = {"type": "web_search"}
    with pytest.raises(openai.BadRequestError, match="web_search"):
        await sdk.responses.create(model="fake-model", input="Hello!", tools=[web])
    upstream.queue(Reply(status=429, retry_after="7"))
    with pytest.raises(openai.RateLimitError):
        await sdk.responses.create(model="fake-model", input="Hello!")
    upstream.queue(Reply(chunks=["One ", "two"], error_after=2))
    stream = await sdk.responses.create(model="fake-model", input="Hello!", stream=True)
    last: Any = [event async for event in stream][-1]
    assert last.type == "response.failed" and last.response.output[0].content[0].text == "One ", last
    upstream.queue(Reply(text="One two three", finish_reason="length"))
    short = await sdk.responses.create(model="fake-model", input="Hello!")
    assert short.status == "incomplete" and short.incomplete_details is not None
