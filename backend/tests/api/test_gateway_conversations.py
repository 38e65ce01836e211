"""`/v1/conversations` as OpenAI's SDK sees them, and responses that are turns of the portal's own conversations."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from sqlalchemy import func, select

from app.gateway.tables import ConversationItem
from tests.api.shared_portal import SharedPortal
from tests.fakes.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}
GREETING: Any = {"type": "message", "role": "user", "content": "Hello!"}


@pytest.fixture
def upstream(shared: SharedPortal) -> FakeUpstream:
    shared.upstream.requests.clear()
    return shared.upstream


async def said(sdk: AsyncOpenAI, conversation_id: str) -> list[Any]:
    """Return the items of a conversation, the oldest first, read in pages of two."""
    return [item async for item in sdk.conversations.items.list(conversation_id, order="asc", limit=2)]


def prompt(upstream: FakeUpstream) -> list[Any]:
    return [message["content"] for message in upstream.requests[-1].body["messages"]]


async def test_a_conversation_is_made_changed_read_and_removed(
    sdk: AsyncOpenAI, shared: SharedPortal
) -> None:
    empty = await sdk.conversations.create()
    assert (empty.object, empty.metadata) == ("conversation", {}) and empty.id.startswith("conv_")
    assert await said(sdk, empty.id) == []
    made = await sdk.conversations.create(items=[GREETING], metadata={"topic": "greeting"})
    assert (await sdk.conversations.retrieve(made.id)).to_dict() == made.to_dict()
    changed = await sdk.conversations.update(made.id, metadata={"topic": "farewell"})
    assert changed.metadata == {"topic": "farewell"} and changed.created_at == made.created_at
    added = await sdk.conversations.items.create(made.id, items=[{"role": "user", "content": "Still there?"}])
    assert [item.to_dict()["status"] for item in added.data] == ["completed"]
    items = await said(sdk, made.id)
    assert [item.content[0].text for item in items] == ["Hello!", "Still there?"]
    newest = await sdk.conversations.items.list(made.id, limit=1)
    assert newest.data == [items[1]] and newest.has_more and newest.last_id == items[1].id
    assert await sdk.conversations.items.retrieve(items[0].id, conversation_id=made.id) == items[0]
    assert (await sdk.conversations.items.delete(items[0].id, conversation_id=made.id)).id == made.id
    assert await said(sdk, made.id) == items[1:]
    assert (await sdk.conversations.delete(made.id)).deleted is True
    with pytest.raises(openai.NotFoundError, match="conversation"):
        await sdk.conversations.retrieve(made.id)
    async with shared.portal.runtime.database.reading() as session:
        left = select(func.count()).where(ConversationItem.conversation_id == made.id.removeprefix("conv_"))
        assert await session.scalar(left) == 0


async def test_responses_read_and_lengthen_it_whole_streamed_and_unstored(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    made = await sdk.conversations.create(items=[{"role": "developer", "content": "Be brief."}])
    first = await sdk.responses.create(model="fake-model", input="One.", conversation=made.id)
    assert first.conversation is not None and first.conversation.id == made.id
    async with sdk.responses.stream(
        model="fake-model", input="Two.", conversation={"id": made.id}, store=False
    ) as stream:
        await stream.get_final_response()
    await sdk.responses.create(model="fake-model", input="Three.", conversation=made.id)
    assert prompt(upstream) == [
        "Be brief.", "One.", "You said: One.", "Two.", "You said: Two.", "Three.",
    ]  # fmt: skip
    items = await said(sdk, made.id)
    assert [item.role for item in items] == ["developer", *["user", "assistant"] * 3]
    assert len({item.id for item in items}) == 7
    shown = await sdk.responses.input_items.list(first.id)
    assert [item.id for item in shown.data] == [items[1].id], "what was put in, not what was said before"
    again = await sdk.responses.retrieve(first.id)
    assert again.to_dict() == first.to_dict()
    with pytest.raises(openai.BadRequestError, match="belongs to a conversation"):
        await sdk.responses.create(model="fake-model", input="And?", previous_response_id=first.id)


async def test_tool_calls_and_their_results_stay_in_it(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    made = await sdk.conversations.create()
    upstream.queue(
        Reply(text="", tool_calls=[CALL], finish_reason="tool_calls"), Reply(text="A door."), Reply()
    )
    asked: Any = {"model": "fake-model", "tools": [TOOL], "conversation": made.id}
    await sdk.responses.create(input="What is there?", **asked)
    result: Any = {"type": "function_call_output", "call_id": "call_1", "output": "a door"}
    await sdk.responses.create(input=[result], **asked)
    await sdk.responses.create(input="Open it.", **asked)
    assert upstream.requests[-1].body["messages"] == [
        {"role": "user", "content": "What is there?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a door"},
        {"role": "assistant", "content": "A door."},
        {"role": "user", "content": "Open it."},
    ]


async def test_one_in_the_background_lengthens_it_and_one_that_failed_does_not(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    made = await sdk.conversations.create()
    live: Any = await sdk.responses.create(
        model="fake-model", input="One.", conversation=made.id, background=True, stream=True
    )
    assert [event.type async for event in live][-1] == "response.completed"
    assert [item.content[0].text for item in await said(sdk, made.id)] == ["One.", "You said: One."]
    upstream.queue(*[Reply(chunks=["Tw", "o"], error_after=2)] * 2)
    for is_background in (False, True):
        live = await sdk.responses.create(
            model="fake-model", input="Two.", conversation=made.id, background=is_background, stream=True
        )
        assert [event.type async for event in live][-1] == "response.failed"
    assert len(await said(sdk, made.id)) == 2


async def test_an_id_that_is_there_already_is_replaced(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    made = await sdk.conversations.create(items=[{**GREETING, "id": "msg_mine"}])
    reference: Any = {"type": "item_reference", "id": "msg_mine"}
    odd: list[Any] = [{**GREETING, "id": odd_id} for odd_id in ("msg_" + 200 * "x", "a\0b", "", "a b")]
    await sdk.responses.create(model="fake-model", input=[reference, *odd], conversation=made.id)
    assert prompt(upstream) == ["Hello!"] * 6
    ids = [item.id for item in await said(sdk, made.id)]
    assert ids[0] == "msg_mine" and len(set(ids)) == 7 and all(one.startswith("msg_") for one in ids)
    assert all(len(one) <= 100 for one in ids)
    with pytest.raises(openai.NotFoundError, match="no item"):
        await sdk.conversations.items.retrieve("a\0b", conversation_id=made.id)
    assert len((await sdk.conversations.items.list(made.id, after="a\0b")).data) == 7


async def test_one_that_is_removed_meanwhile_costs_no_answer(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    made = await sdk.conversations.create()
    upstream.queue(Reply(chunks=["One ", "two"], chunk_delay_seconds=0.2))
    asking = asyncio.ensure_future(
        sdk.responses.create(model="fake-model", input="Count.", conversation=made.id)
    )
    await upstream.wait_until(lambda: upstream.active == 1)
    await sdk.conversations.delete(made.id)
    answer = await asking
    assert answer.output_text == "One two"
    assert (await sdk.responses.retrieve(answer.id)).output_text == "One two"


async def test_nothing_of_another_person_is_found(sdk: AsyncOpenAI, shared: SharedPortal) -> None:
    made = await sdk.conversations.create(items=[{**GREETING, "id": "msg_secret"}])
    async with AsyncOpenAI(base_url=f"{shared.url}/v1", api_key=shared.eve_key, max_retries=0) as eve:
        asks: list[Any] = [
            eve.conversations.retrieve(made.id),
            eve.conversations.update(made.id, metadata={}),
            eve.conversations.delete(made.id),
            eve.conversations.items.list(made.id),
            eve.conversations.items.create(made.id, items=[GREETING]),
            eve.conversations.items.retrieve("msg_secret", conversation_id=made.id),
            eve.conversations.items.delete("msg_secret", conversation_id=made.id),
            eve.responses.create(model="fake-model", input="And?", conversation=made.id),
            eve.responses.input_tokens.count(model="fake-model", input="And?", conversation=made.id),
        ]
        for ask in asks:
            with pytest.raises(openai.NotFoundError):
                await ask
        mine = await eve.conversations.create()
        with pytest.raises(openai.NotFoundError, match="no item"):
            await eve.conversations.items.retrieve("msg_secret", conversation_id=mine.id)
        reference: Any = {"type": "item_reference", "id": "msg_secret"}
        with pytest.raises(openai.BadRequestError, match="items: there is no item"):
            await eve.conversations.items.create(mine.id, items=[reference])
    assert len(await said(sdk, made.id)) == 1


async def test_what_is_wrong_is_said(sdk: AsyncOpenAI) -> None:
    made = await sdk.conversations.create()
    first = await sdk.responses.create(model="fake-model", input="One.")
    bodies: list[tuple[str, Any]] = [
        ("conversation: it is the id", {"conversation": 7}),
        ("conversation: it is the id", {"conversation": {}}),
        ("leave previous_response_id out", {"conversation": made.id, "previous_response_id": first.id}),
    ]
    for words, body in bodies:
        with pytest.raises(openai.BadRequestError, match=words):
            await sdk.responses.create(model="fake-model", input="Hello!", extra_body=body)
    wrong: list[tuple[str, Any]] = [
        ("items: ", {"items": [{"type": "message", "role": "robot"}]}),
        ("items: ", {"items": 7}),
        ("metadata: ", {"metadata": {"a": 1}}),
        ("metadata: ", {"metadata": {str(number): "" for number in range(17)}}),
    ]
    for words, body in wrong:
        with pytest.raises(openai.BadRequestError, match=words):
            await sdk.conversations.create(extra_body=body)


async def test_answers_of_a_conversation_are_never_taken_from_the_cache(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    made = await sdk.conversations.create()
    asked: Any = {"model": "fake-model", "input": "Twice.", "store": False, "conversation": made.id}
    for _ in range(2):
        await sdk.responses.create(**asked, extra_headers={"x-portal-cache": "on"})
    assert len(upstream.requests) == 2 and len(await said(sdk, made.id)) == 4


async def test_session_id_makes_a_response_a_turn_of_the_portals_conversation(
    sdk: AsyncOpenAI, upstream: FakeUpstream, shared: SharedPortal
) -> None:
    session: Any = {"session_id": "maze-1"}
    asked: Any = {"model": "fake-model", "instructions": "Be brief.", "extra_body": session}
    first = await sdk.responses.create(input="One.", **asked)
    assert first.output_text == "You said: One." and first.store is False
    assert first.to_dict()["session_id"] == "maze-1" and first.usage is not None
    async with sdk.responses.stream(model="fake-model", input="Two.", extra_body=session) as stream:
        final = await stream.get_final_response()
    assert final.output_text == "You said: Two."
    assert prompt(upstream) == ["Be brief.", "One.", "You said: One.", "Two."]
    chat = await sdk.chat.completions.create(
        model="fake-model", messages=[{"role": "user", "content": "Three."}], extra_body=session
    )
    assert chat.choices[0].message.content == "You said: Three."
    assert prompt(upstream)[-3:] == ["Two.", "You said: Two.", "Three."]
    twice: Any = {"input": "Four.", **asked, "extra_headers": {"idempotency-key": "once"}}
    ids = {(await sdk.responses.create(**twice)).to_dict()["turn_id"] for _ in range(2)}
    assert len(ids) == 1
    refused: list[tuple[str, Any]] = [
        ("tools", {"tools": [TOOL]}),
        ("background", {"background": True}),
        ("one user message", {"input": [GREETING, GREETING]}),
    ]
    for words, more in refused:
        with pytest.raises(openai.BadRequestError, match=words):
            await sdk.responses.create(**{"input": "x", **asked, **more})


async def test_who_leaves_a_response_in_a_session_stops_its_turn(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.aborted.clear()
    upstream.queue(Reply(chunks=["One "] * 500, chunk_delay_seconds=0.02))
    stream = await sdk.responses.create(
        model="fake-model", input="Count.", stream=True, extra_body={"session_id": "maze-2"}
    )
    async for event in stream:
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    await upstream.wait_until(lambda: bool(upstream.aborted), 2)
