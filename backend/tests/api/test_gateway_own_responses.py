"""`/v1/responses` at a server that has them itself: passed as it came, stored under its caller's own ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from app.gateway.own_background import ResponsesElsewhere
from app.gateway.response_background import BackgroundResponses
from app.gateway.response_repository import ResponseRepository
from app.gateway.setup import create_gateway
from tests.api.shared_portal import SharedPortal
from tests.fakes.own_routes import OwnServer

FILE = """\
providers:
  lab:
    kind: openai
    base_url: {url}
    price: {{input: 1000, output: 1000}}
  second:
    kind: generic
    base_url: {url}
    own_routes: [responses]
models:
  own:
    targets: [{{provider: lab, model: own-model}}]
  plain-own:
    targets: [{{provider: second, model: own-model}}]
  either:
    targets: [{{provider: lab, model: own-model}}, {{provider: local, priority: 1}}]
"""
TEXT = "Hello from here"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_server() -> AsyncIterator[OwnServer]:
    async with OwnServer() as server:
        yield server


@pytest.fixture(scope="module")
def models_yaml(own_server: OwnServer) -> str:
    return FILE.format(url=own_server.url)


@pytest.fixture
def server(own_server: OwnServer, shared: SharedPortal) -> OwnServer:
    own_server.reset()
    shared.upstream.requests.clear()
    for pooled in shared.portal.runtime.catalog.pool.all():
        for guard in pooled.guards.values():
            guard.breaker.succeed()
    return own_server


@pytest_asyncio.fixture(loop_scope="module")
async def sdk(shared: SharedPortal) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(shared, shared.ada_key) as client:
        yield client


def client_of(shared: SharedPortal, key: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{shared.url}/v1", api_key=key, max_retries=0, timeout=20)


async def ended(sdk: AsyncOpenAI, response_id: str) -> Any:
    async with asyncio.timeout(8):
        while (found := await sdk.responses.retrieve(response_id)).status in ("queued", "in_progress"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def spent(shared: SharedPortal) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=shared.url) as client:
        headers = {"authorization": f"Bearer {shared.ada_key}"}
        total = (await client.get("/api/usage", headers=headers)).json()["total"]
    return dict(total)


async def spent_by_all(shared: SharedPortal) -> float:
    report = await shared.portal.runtime.usage.of_all("model", None, None)
    return report.total.cost


def texts(items: Any) -> list[str]:
    """Return what was said in messages."""
    return [item["content"][0]["text"] for item in items if item["type"] == "message"]


async def test_it_passes_as_it_came_whole_and_streamed(
    shared: SharedPortal, sdk: AsyncOpenAI, server: OwnServer
) -> None:
    before = await spent(shared)
    asked: Any = {
        "model": "own",
        "input": [{"role": "user", "content": "Hello!", "a_new_field": 1}],
        "tools": [{"type": "web_search"}],
        "include": ["reasoning.encrypted_content"],
        "prompt": {"id": "pmpt_1"},
        "service_tier": "flex",
        "extra_body": {"a_field_of_tomorrow": [1]},
    }
    whole = await sdk.responses.create(**asked)
    assert whole.output_text == TEXT and whole.model == "own" and whole.output[0].type == "web_search_call"
    assert whole.id.startswith("resp_") and "theirs" not in whole.id
    assert whole.usage is not None and whole.usage.input_tokens_details.cached_tokens == 5
    wanted = {**{name: value for name, value in asked.items() if name != "extra_body"}, "model": "own-model"}
    assert server.bodies == [{**wanted, "a_field_of_tomorrow": [1]}]
    assert server.headers[0]["Accept"] == "application/json"

    stream = await sdk.responses.create(**asked, stream=True)
    events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    last = events[-1]
    assert text == TEXT and last.type == "response.completed" and last.response.output_text == TEXT
    assert {event.response.id for event in events if hasattr(event, "response")} == {last.response.id}
    assert not shared.upstream.requests
    after = await spent(shared)
    figures = [after[name] - before[name] for name in ("requests", "prompt_tokens", "completion_tokens")]
    assert figures == [2, 40, 14] and after["cost"] - before["cost"] == pytest.approx(2 * 0.027)
    assert (await sdk.responses.retrieve(whole.id)).output_text == TEXT


async def test_a_conversation_goes_on_where_it_is_stored_and_elsewhere_by_what_was_said(
    sdk: AsyncOpenAI, server: OwnServer
) -> None:
    first = await sdk.responses.create(model="own", input="One.")
    second = await sdk.responses.create(model="own", input="Two.", previous_response_id=first.id)
    theirs = server.bodies[1]["previous_response_id"]
    assert theirs in server.stored and theirs != first.id and server.bodies[1]["input"] == "Two."
    assert second.previous_response_id == first.id
    await sdk.responses.create(model="plain-own", input="Three.", previous_response_id=second.id)
    assert "previous_response_id" not in server.bodies[2]
    said = [item.get("role") for item in server.bodies[2]["input"] if item["type"] == "message"]
    assert said == ["user", "assistant", "user", "assistant", "user"]
    assert all("id" not in item for item in server.bodies[2]["input"] if item["type"] == "message")


async def test_a_conversation_is_read_by_whichever_server_answers(
    sdk: AsyncOpenAI, server: OwnServer
) -> None:
    made = await sdk.conversations.create(items=[{"role": "user", "content": "Before."}])
    for model in ("own", "plain-own"):
        answer = await sdk.responses.create(model=model, input="Now.", conversation=made.id)
        assert answer.conversation is not None and answer.conversation.id == made.id
    assert all("conversation" not in body for body in server.bodies)
    assert [texts(body["input"]) for body in server.bodies] == [
        ["Before.", "Now."],
        ["Before.", "Now.", TEXT, "Now."],
    ]
    items = (await sdk.conversations.items.list(made.id, order="asc")).to_dict()["data"]
    assert texts(items) == ["Before.", "Now.", TEXT, "Now.", TEXT]
    with pytest.raises(openai.BadRequestError, match="web_search_call"):  # as with previous_response_id
        await sdk.responses.create(model="fake-model", input="Later.", conversation=made.id)


async def test_nothing_of_another_person_is_found(
    shared: SharedPortal, sdk: AsyncOpenAI, server: OwnServer
) -> None:
    mine = await sdk.responses.create(model="own", input="A secret.", background=True)
    theirs = next(iter(server.stored))
    async with client_of(shared, shared.eve_key) as eve:
        for response_id in (mine.id, theirs):
            for ask in (eve.responses.retrieve, eve.responses.cancel, eve.responses.delete):
                with pytest.raises(openai.NotFoundError):
                    await ask(response_id)
            with pytest.raises(openai.BadRequestError, match="there is no response"):
                await eve.responses.create(model="own", input="And?", previous_response_id=response_id)
        item: Any = {"type": "item_reference", "id": "msg_theirs"}
        with pytest.raises(openai.BadRequestError, match="there is no item"):
            await eve.responses.create(model="own", input=[item])
        with pytest.raises(openai.NotFoundError, match="no conversation"):
            await eve.responses.create(model="own", input="And?", conversation="conv_1")
    assert all("A secret." in str(body) for body in server.bodies)
    await ended(sdk, mine.id)


async def test_what_is_not_to_be_stored_is_stored_nowhere(sdk: AsyncOpenAI, server: OwnServer) -> None:
    kept = len(server.stored)
    answer = await sdk.responses.create(model="own", input="Forget it.", store=False)
    assert answer.output_text == TEXT and server.bodies[0]["store"] is False and len(server.stored) == kept
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.retrieve(answer.id)
    stored = await sdk.responses.create(model="own", input="Keep it.")
    assert len(server.stored) == kept + 1
    await sdk.responses.delete(stored.id)
    assert len(server.stored) == kept


async def test_the_background_is_the_servers_own(sdk: AsyncOpenAI, server: OwnServer) -> None:
    server.hold = asyncio.Event()
    started = await sdk.responses.create(model="own", input="Take your time.", background=True)
    assert started.status == "queued"
    seen = []
    async with asyncio.timeout(5):
        async for event in await sdk.responses.retrieve(started.id, stream=True):
            seen.append(event)
            if event.type == "response.output_text.delta":
                break
    assert server.bodies[0]["background"] is True
    async with asyncio.timeout(5):  # it is written behind what is told
        while (await sdk.responses.retrieve(started.id)).status != "in_progress":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    server.hold.set()
    after = seen[-1].sequence_number
    rest = [
        event async for event in await sdk.responses.retrieve(started.id, stream=True, starting_after=after)
    ]
    numbers = [event.sequence_number for event in (*seen, *rest)]
    assert numbers == list(range(len(numbers))) and rest[-1].type == "response.completed"
    text = [event.delta for event in (*seen, *rest) if event.type == "response.output_text.delta"]
    assert "".join(text) == TEXT
    assert (await ended(sdk, started.id)).output_text == TEXT


async def test_one_in_the_background_is_stopped_at_its_server(sdk: AsyncOpenAI, server: OwnServer) -> None:
    server.hold = asyncio.Event()
    started = await sdk.responses.create(model="own", input="Never mind.", background=True)
    async with asyncio.timeout(5):
        while (await sdk.responses.retrieve(started.id)).status == "queued":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stopped = await sdk.responses.cancel(started.id)
    assert stopped.status == "cancelled" and stopped.id == started.id
    assert server.asked[-1].startswith("POST /v1/responses/resp_theirs") and server.asked[-1].endswith(
        "/cancel"
    )


async def test_one_whose_stream_breaks_is_fetched_from_its_server(
    shared: SharedPortal, sdk: AsyncOpenAI, server: OwnServer
) -> None:
    before = await spent(shared)
    server.cut_after = 1
    started = await sdk.responses.create(model="own", input="Go on without me.", background=True)
    async with asyncio.timeout(5):
        while not any(asked.startswith("GET") for asked in server.asked):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    theirs = next(asked for asked in server.asked if asked.startswith("GET")).rpartition("/")[2]
    server.finish(theirs)
    assert (await ended(sdk, started.id)).output_text == TEXT
    assert len(server.bodies) == 1  # it was asked once
    after = await spent(shared)
    assert after["completion_tokens"] - before["completion_tokens"] == 7


async def test_what_a_dead_process_left_is_taken_over(
    shared: SharedPortal, sdk: AsyncOpenAI, server: OwnServer
) -> None:
    runtime = shared.portal.runtime
    kept = await sdk.conversations.create()
    started = await sdk.responses.create(model="own", input="Outlive me.", background=True)
    done = await ended(sdk, started.id)
    theirs = list(server.stored)[-1]
    server.stored[theirs]["status"] = "in_progress"
    async with runtime.database.transaction() as session:
        await ResponseRepository(session).update(
            started.id.removeprefix("resp_"),
            status="in_progress",
            response={
                **done.to_dict(),
                "status": "in_progress",
                "output": [],
                "usage": None,
                "conversation": {"id": kept.id},
            },
            lease_until=None,
            upstream={"provider": "lab", "id": theirs, "target": "lab/own-model", "counted": [20, 0]},
        )
    background = BackgroundResponses(
        create_gateway(runtime),
        runtime.database,
        runtime.coord,
        runtime.replica,
        runtime.clock,
        ResponsesElsewhere(runtime.routes),
    )
    before = await spent_by_all(shared)
    await background.sweep()
    assert (await sdk.responses.retrieve(started.id)).status == "in_progress"
    server.finish(theirs)
    found = await ended(sdk, started.id)
    assert found.output_text == TEXT and found.id == started.id
    items = (await sdk.conversations.items.list(kept.id, order="asc")).to_dict()["data"]
    assert texts(items) == ["Outlive me.", TEXT]
    await background._set(started.id.removeprefix("resp_"), [], status="failed", response={})
    assert (await sdk.responses.retrieve(started.id)).status == "completed", (
        "the dead one comes back too late"
    )
    await background.close()
    after = await spent_by_all(shared)
    assert after - before == pytest.approx(0.007)  # what the dead one had counted is counted once


async def test_without_a_background_of_its_own_the_portal_waits(sdk: AsyncOpenAI, server: OwnServer) -> None:
    started = await sdk.responses.create(model="plain-own", input="Hello!", background=True)
    assert (await ended(sdk, started.id)).output_text == TEXT and "background" not in server.bodies[0]


async def test_the_next_server_is_asked_until_something_is_said(
    shared: SharedPortal, sdk: AsyncOpenAI, server: OwnServer
) -> None:
    for refuse, fail in ((503, None), (None, "server_error")):
        server.refuse, server.fail = refuse, fail
        whole = await sdk.responses.create(model="either", input="Hello!")
        assert whole.output_text == "You said: Hello!" and whole.model == "either"
        stream = await sdk.responses.create(model="either", input="Hello!", stream=True)
        events = [event async for event in stream]
        assert (
            events[-1].type == "response.completed" and events[-1].response.output_text == whole.output_text
        )
    server.reset()
    server.cut_after = 1
    stream = await sdk.responses.create(model="either", input="Hello!", stream=True)
    events = [event async for event in stream]
    text = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert text == ["Hello"] and events[-1].type == "response.failed"
    assert events[-1].response.error is not None


async def test_errors_raise_the_sdks_classes(sdk: AsyncOpenAI, server: OwnServer) -> None:
    for status, kind in ((400, openai.BadRequestError), (429, openai.RateLimitError)):
        server.refuse = status
        for is_stream in (False, True):
            with pytest.raises(kind):
                await sdk.responses.create(model="own", input="Hello!", stream=is_stream)
    server.reset()
    server.fail = "rate_limit_exceeded"
    with pytest.raises(openai.RateLimitError):
        await sdk.responses.create(model="own", input="Hello!")


async def test_who_leaves_stops_it_within_a_second(sdk: AsyncOpenAI, server: OwnServer) -> None:
    server.hold = asyncio.Event()
    for is_stream in (False, True):
        server.left.clear()
        asking = asyncio.create_task(leave_early(sdk, is_stream))
        async with asyncio.timeout(5):
            while len(server.bodies) == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        asking.cancel()
        async with asyncio.timeout(1):
            await server.left.wait()
        server.bodies.clear()


async def leave_early(sdk: AsyncOpenAI, is_stream: bool) -> None:
    answer: Any = await sdk.responses.create(model="own", input="Hello!", stream=is_stream)
    if is_stream:
        async for _ in answer:
            pass


async def test_the_input_is_counted_by_who_reads_it(sdk: AsyncOpenAI, server: OwnServer) -> None:
    first = await sdk.responses.create(model="own", prompt={"id": "pmpt_1"})
    assert server.bodies == [{"prompt": {"id": "pmpt_1"}, "model": "own-model"}]
    counted = await sdk.responses.input_tokens.count(model="own", input="Hi!", previous_response_id=first.id)
    assert counted.input_tokens == 42
    assert server.bodies[1]["previous_response_id"] in server.stored
    elsewhere = await sdk.responses.input_tokens.count(model="fake-model", input="Count me, please.")
    assert 3 <= elsewhere.input_tokens <= 20 and len(server.bodies) == 2
    with pytest.raises(openai.BadRequestError, match="stored prompts"):
        await sdk.responses.create(model="fake-model", prompt={"id": "pmpt_1"})


async def test_a_template_is_the_portals_and_so_is_what_is_asked_with_it(
    sdk: AsyncOpenAI, server: OwnServer
) -> None:
    wish: Any = {"template_id": 424242}
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.create(model="own", input="Hello!", extra_body=wish)
    items: Any = [{"type": "web_search_call", "id": "ws_1"}]
    with pytest.raises(openai.BadRequestError, match="cannot be translated"):
        await sdk.responses.create(model="own", input=items, extra_body=wish)
    assert not server.bodies
