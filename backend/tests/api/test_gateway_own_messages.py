"""`/v1/messages` at a server that has them itself: passed as it came, as Anthropic's SDK sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
import pytest_asyncio
from anthropic import AsyncAnthropic

from tests.api.shared_portal import SharedPortal
from tests.fakes.own_routes import OwnServer

FILE = """\
providers:
  claude:
    kind: anthropic
    base_url: {url}
    api_key: sk-ant-own
models:
  own:
    targets: [{{provider: claude, model: claude-x}}]
  either:
    targets: [{{provider: claude, model: claude-x}}, {{provider: local, priority: 1}}]
"""
TEXT = "Hello from here"
HELLO: Any = {"max_tokens": 50, "messages": [{"role": "user", "content": "Hello!"}]}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_server() -> AsyncIterator[OwnServer]:
    async with OwnServer() as server:
        yield server


@pytest.fixture(scope="module")
def models_yaml(own_server: OwnServer) -> str:
    return FILE.format(url=own_server.url)


@pytest.fixture
def server(own_server: OwnServer) -> OwnServer:
    own_server.reset()
    return own_server


@pytest_asyncio.fixture(loop_scope="module")
async def sdk(shared: SharedPortal) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(
        base_url=shared.url, auth_token=shared.ada_key, max_retries=0, timeout=20
    ) as client:
        yield client


async def test_it_passes_as_it_came_whole_and_streamed(sdk: AsyncAnthropic, server: OwnServer) -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    asked: Any = {
        "model": "own",
        "max_tokens": 50,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "document", "source": pdf}]}],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
        "extra_body": {"a_field_of_tomorrow": [1]},
    }
    whole = await sdk.messages.create(
        **asked, extra_headers={"anthropic-beta": "tomorrow-1", "anthropic-version": "2024-01-01"}
    )
    assert (whole.content[0].text, whole.model, whole.usage.output_tokens) == (TEXT, "own", 7)
    wanted = {name: value for name, value in asked.items() if name != "extra_body"}
    assert server.bodies == [{**wanted, "model": "claude-x", "a_field_of_tomorrow": [1]}]
    sent = {name.lower(): value for name, value in server.headers[0].items()}
    assert sent["x-api-key"] == "sk-ant-own" and "authorization" not in sent
    assert (sent["anthropic-beta"], sent["anthropic-version"]) == ("tomorrow-1", "2024-01-01")

    async with sdk.messages.stream(**asked) as stream:
        text = [piece async for piece in stream.text_stream]
        final = await stream.get_final_message()
    assert text == ["Hello", " from", " here"] and (final.model, final.usage.output_tokens) == ("own", 7)
    counted = await sdk.messages.count_tokens(model="own", messages=HELLO["messages"])
    assert counted.input_tokens == 42


async def test_usage_is_counted(shared: SharedPortal, sdk: AsyncAnthropic, server: OwnServer) -> None:
    async def total() -> Any:
        usage, headers = shared.url + "/api/usage", {"authorization": f"Bearer {shared.ada_key}"}
        return (await sdk._client.get(usage, headers=headers)).json()["total"]

    before = await total()
    await sdk.messages.create(model="own", **HELLO)
    async with sdk.messages.stream(model="own", **HELLO) as stream:
        await stream.until_done()
    after = await total()
    figures = {
        name: after[name] - before[name] for name in ("prompt_tokens", "completion_tokens", "cached_tokens")
    }
    assert figures == {"prompt_tokens": 50, "completion_tokens": 14, "cached_tokens": 10}


async def test_the_next_server_is_asked_until_something_is_said(
    shared: SharedPortal, sdk: AsyncAnthropic, server: OwnServer
) -> None:
    for refuse, fail in ((529, None), (None, "overloaded_error")):
        server.refuse, server.fail = refuse, fail
        if refuse is not None:
            assert (await sdk.messages.create(model="either", **HELLO)).content[0].text == "You said: Hello!"
        async with sdk.messages.stream(model="either", **HELLO) as stream:
            assert await stream.get_final_text() == "You said: Hello!"
    server.reset()
    server.cut_after = 4
    text = []
    with pytest.raises(anthropic.APIStatusError):
        async with sdk.messages.stream(model="either", **HELLO) as stream:
            async for piece in stream.text_stream:
                text.append(piece)
    assert text == ["Hello", " from"]


async def test_errors_raise_the_sdks_classes(sdk: AsyncAnthropic, server: OwnServer) -> None:
    for status, kind in ((400, anthropic.BadRequestError), (429, anthropic.RateLimitError)):
        server.refuse = status
        for is_stream in (False, True):
            with pytest.raises(kind):
                await sdk.messages.create(model="own", stream=is_stream, **HELLO)
