"""`/v1` as OpenAI's SDK sees it: answers, streams, tools, errors, limits, who leaves, conversations and templates."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import openai
import orjson
import pytest
from openai import AsyncOpenAI

from tests.api.chat_portal import ChatPortal, say
from tests.fakes.upstream import FakeUpstream, Reply

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
}


async def make_key(client: httpx.AsyncClient, **wish: Any) -> str:
    made = await client.post("/api/keys", json={"name": "sdk", **wish})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


@pytest.fixture
async def sdk_of(chat_portal: ChatPortal) -> AsyncIterator[Callable[[str], AsyncOpenAI]]:
    """OpenAI's own client, for a key."""
    async with AsyncExitStack() as clients:

        def make(key: str) -> AsyncOpenAI:
            client = AsyncOpenAI(
                base_url=f"{chat_portal.base_url}/v1", api_key=key, max_retries=0, timeout=20
            )
            clients.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
async def sdk(ada: httpx.AsyncClient, sdk_of: Callable[[str], AsyncOpenAI]) -> AsyncOpenAI:
    """OpenAI's own client, with a key as the page makes it."""
    return sdk_of(await make_key(ada))


async def test_a_completion_is_the_servers_answer_under_the_portals_name(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.model = "/models/fake-model.gguf"
    answer = await sdk.chat.completions.create(model="fake-model", messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello!"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None and answer.usage.total_tokens > 0
    assert answer.model == "fake-model"
    stream = await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=True)
    assert {chunk.model async for chunk in stream} == {"fake-model"}


async def test_a_stream_has_the_text_once_and_usage_only_for_who_asks(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(text="one two three", split_bytes=7)
    stream = await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one two three"
    assert [chunk.usage for chunk in chunks if chunk.usage] == []
    assert chunks[-1].choices[0].finish_reason == "stop"

    asked = await sdk.chat.completions.create(
        model="fake-model", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    last = [chunk async for chunk in asked][-1]
    assert last.choices == [] and last.usage is not None and last.usage.completion_tokens > 0


async def test_everything_that_an_sdk_sends_reaches_the_server(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    schema: Any = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    picture: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]
    content: Any = [{"type": "text", "text": "Look."}, picture]
    await sdk.chat.completions.create(
        model="fake-model",
        messages=[{"role": "developer", "content": "Be kind."}, {"role": "user", "content": content}],
        temperature=0,
        n=2,
        seed=7,
        stop=["END"],
        logprobs=True,
        top_logprobs=3,
        max_completion_tokens=9,
        response_format=schema,
        tools=tools,
        parallel_tool_calls=True,
        extra_body={"mirostat": 2, "cache_prompt": False},
    )
    sent = upstream.requests[-1].body
    assert sent["messages"] == [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": content},
    ]
    assert (sent["temperature"], sent["n"], sent["seed"], sent["stop"]) == (0, 2, 7, ["END"])
    assert (sent["logprobs"], sent["top_logprobs"], sent["max_completion_tokens"]) == (True, 3, 9)
    assert (sent["response_format"], sent["tools"], sent["parallel_tool_calls"]) == (schema, tools, True)
    assert (sent["mirostat"], sent["cache_prompt"]) == (2, False)
    assert "temperature" in sent and "top_p" not in sent


async def test_tool_calls_come_whole_and_streamed(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.default = Reply(text="", tool_calls=[CALL], finish_reason="tool_calls")
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]
    whole = await sdk.chat.completions.create(model="fake-model", messages=HELLO, tools=tools)
    calls: Any = whole.choices[0].message.tool_calls
    assert calls[0].function.arguments == '{"city": "Oslo"}'
    arguments = ""
    async for chunk in await sdk.chat.completions.create(
        model="fake-model", messages=HELLO, tools=tools, stream=True
    ):
        for part in chunk.choices[0].delta.tool_calls or []:
            arguments += (part.function.arguments if part.function else "") or ""
    assert arguments == '{"city": "Oslo"}'


@pytest.mark.parametrize(
    ("reply", "raised", "status", "code"),
    [
        (Reply(status=500), openai.InternalServerError, 502, "upstream_error"),
        (Reply(status=400, error={"message": "no such sampler"}), openai.BadRequestError, 400, None),
        (Reply(status=401), openai.InternalServerError, 502, "upstream_authentication"),
        (Reply(status=429, retry_after="7"), openai.RateLimitError, 429, "upstream_rate_limited"),
        (Reply(status=503), openai.InternalServerError, 503, "model_unavailable"),
        (Reply(status=501), openai.BadRequestError, 400, "upstream_rejected"),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_servers_refusal_raises_the_sdks_exception(
    sdk: AsyncOpenAI,
    upstream: FakeUpstream,
    reply: Reply,
    raised: type[openai.APIStatusError],
    status: int,
    code: str | None,
    is_stream: bool,
) -> None:
    upstream.default = reply
    with pytest.raises(raised) as caught:
        await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=is_stream)
    assert caught.value.status_code == status
    assert code in (None, caught.value.code)
    if reply.retry_after:
        assert caught.value.response.headers["retry-after"] == reply.retry_after
    assert upstream.url not in caught.value.message


async def test_what_the_portal_refuses_raises_the_sdks_exception(
    ada: httpx.AsyncClient, sdk: AsyncOpenAI, sdk_of: Callable[[str], AsyncOpenAI]
) -> None:
    ask: Any = {"model": "fake-model", "messages": HELLO}
    with pytest.raises(openai.NotFoundError, match="fake-model") as unknown:
        await sdk.chat.completions.create(model="fake-modle", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        await sdk_of("pp_" + "a" * 43).chat.completions.create(**ask)
    with pytest.raises(openai.AuthenticationError, match="begins with pp_"):
        await sdk_of("sk-another-services").chat.completions.create(**ask)
    with pytest.raises(openai.PermissionDeniedError, match="gateway"):
        await sdk_of(await make_key(ada, scopes=["chat"])).chat.completions.create(**ask)
    with pytest.raises(openai.NotFoundError):
        await sdk_of(await make_key(ada, allowed_models=["another"])).chat.completions.create(**ask)
    with pytest.raises(openai.BadRequestError, match="messages"):
        await sdk.chat.completions.create(model="fake-model", messages=[])
    with pytest.raises(openai.NotFoundError, match="/v1/audio/speech"):
        await sdk.audio.speech.create(model="x", voice="alloy", input="hello")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_bodies_are_json_whatever_their_content_type_says(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    route = "/v1/chat/completions"
    form = {"content-type": "application/x-www-form-urlencoded"}
    taken = await ada.post(route, content=orjson.dumps({"messages": HELLO}), headers=form)
    assert taken.json()["choices"][0]["message"]["content"] == "You said: Hello!"
    for content, code in (
        (b"{nonsense", "invalid_json"),
        (b"[1]", "invalid_body"),
        (b'{"model": 3, "messages": []}', "invalid_body"),
        (b'{"messages": [1]}', "invalid_body"),
        (b'{"stream": "yes", "messages": []}', "invalid_body"),
        (b'{"prompt": "x"}', "invalid_body"),
    ):
        refused = await ada.post(route, content=content)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, code), content
        assert refused.json()["error"]["type"] == "invalid_request_error"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_client_that_leaves_is_seen_by_the_server_within_a_second(
    ada: httpx.AsyncClient, upstream: FakeUpstream, is_stream: bool
) -> None:
    upstream.default = (
        Reply(chunks=["one ", "two"], stall_after=2) if is_stream else Reply(stall_before_headers=True)
    )
    body = {"messages": HELLO, "stream": is_stream}
    task = asyncio.create_task(ada.post("/v1/chat/completions", json=body))
    await upstream.wait_until(lambda: upstream.active == 1)
    await asyncio.sleep(0.1)
    left_at = time.monotonic()
    task.cancel()
    await upstream.wait_until(lambda: bool(upstream.aborted), seconds=1)
    assert time.monotonic() - left_at < 1
    upstream.default = Reply(text="free again")
    answer = await ada.post("/v1/chat/completions", json={"messages": HELLO})
    assert answer.json()["choices"][0]["message"]["content"] == "free again"


async def test_a_stream_that_is_cut_ends_with_an_error_and_repeats_nothing(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(chunks=["one ", "two ", "three"], cut_after=3))
    text = ""
    with pytest.raises(openai.APIError, match="in the middle"):
        async for chunk in await sdk.chat.completions.create(model="fake-model", messages=HELLO, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "one two "
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("chat_overrides", [{"llm_max_concurrency": 2}])
async def test_both_doors_wait_at_one_gate(ada: httpx.AsyncClient, upstream: FakeUpstream) -> None:
    upstream.default = Reply(first_delay_seconds=0.05)
    body = {"messages": HELLO}
    answers = await asyncio.gather(
        *(ada.post("/v1/chat/completions", json=body) for _ in range(6)),
        *(say(ada, f"s{number}", "Hello!") for number in range(4)),
    )
    assert [answer.status_code for answer in answers[:6]] == [200] * 6  # type: ignore[union-attr]
    assert upstream.max_active == 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_keys_limits_hold_and_are_told(
    ada: httpx.AsyncClient, sdk_of: Callable[[str], AsyncOpenAI]
) -> None:
    sdk = sdk_of(await make_key(ada, requests_per_minute=2))
    ask: Any = {"model": "fake-model", "messages": HELLO}
    told = await sdk.chat.completions.with_raw_response.create(**ask)
    assert told.headers["x-ratelimit-limit-requests"] == "2"
    assert told.headers["x-ratelimit-remaining-requests"] == "1"
    await sdk.chat.completions.create(**ask)
    with pytest.raises(openai.RateLimitError) as caught:
        await sdk.chat.completions.create(**ask)
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 120


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("is_stream", [False, True])
async def test_reserved_tokens_are_settled_by_the_usage(
    ada: httpx.AsyncClient, sdk_of: Callable[[str], AsyncOpenAI], is_stream: bool
) -> None:
    sdk = sdk_of(await make_key(ada, tokens_per_minute=1000))
    for _ in range(6):  # each reserves 600, and uses a few
        answer: Any = await sdk.chat.completions.create(
            model="fake-model", messages=HELLO, max_tokens=600, stream=is_stream
        )
        if is_stream:
            async for _chunk in answer:
                pass
        await asyncio.sleep(0.05)


async def test_a_conversation_is_the_same_from_every_door(ada: httpx.AsyncClient, sdk: AsyncOpenAI) -> None:
    await say(ada, "maze-7", "from the page")
    one: Any = await sdk.chat.completions.create(
        model="fake-model",
        messages=[{"role": "user", "content": "from the SDK"}],
        extra_body={"session_id": "maze-7"},
    )
    assert (one.choices[0].message.content, one.session_id) == ("You said: from the SDK", "maze-7")
    text, usage = "", None
    async for chunk in await sdk.chat.completions.create(
        model="fake-model",
        messages=[{"role": "user", "content": "streamed"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"session_id": "maze-7"},
    ):
        text += chunk.choices[0].delta.content or "" if chunk.choices else ""
        usage = chunk.usage or usage
    assert text == "You said: streamed" and usage is not None and usage.total_tokens > 0
    history = (await ada.get("/api/llm/chat/session/maze-7/history")).json()["messages"]
    assert [message["content"] for message in history[::2]] == ["from the page", "from the SDK", "streamed"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_a_conversation_cannot_honour_is_said(ada: httpx.AsyncClient, sdk: AsyncOpenAI) -> None:
    extra = {"session_id": "s"}
    with pytest.raises(openai.BadRequestError, match="the portal has the history"):
        await sdk.chat.completions.create(
            model="fake-model",
            messages=[*HELLO, {"role": "assistant", "content": "Hi"}, *HELLO],
            extra_body=extra,
        )
    with pytest.raises(openai.BadRequestError, match="logprobs"):
        await sdk.chat.completions.create(model="fake-model", messages=HELLO, logprobs=True, extra_body=extra)
    with pytest.raises(openai.BadRequestError, match="session_id"):
        await sdk.chat.completions.create(
            model="fake-model", messages=HELLO, extra_body={"session_id": "not a name"}
        )
    assert (await ada.get("/api/sessions")).json()["items"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_leaves_a_conversations_stream_over_v1_stops_it(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(chunks=["one ", "two ", "three"], stall_after=2)
    body = {"messages": HELLO, "stream": True, "session_id": "s"}
    async with ada.stream("POST", "/v1/chat/completions", json=body) as stream:
        async for line in stream.aiter_lines():
            if "one" in line:
                break
    await upstream.wait_until(lambda: bool(upstream.aborted), seconds=2)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_template_goes_before_the_messages(
    ada: httpx.AsyncClient, sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    wish = {"title": "Guide", "content": "You guide {{player}}."}
    template = (await ada.post("/api/templates", json=wish)).json()
    await sdk.chat.completions.create(
        model="fake-model",
        messages=HELLO,
        extra_body={"template_id": template["id"], "variables": {"player": "Ada"}},
    )
    sent = upstream.requests[-1].body
    assert sent["messages"][0] == {"role": "system", "content": "You guide Ada."}
    assert not {"template_id", "variables"} & set(sent)
    with pytest.raises(openai.NotFoundError):
        await sdk.chat.completions.create(
            model="fake-model", messages=HELLO, extra_body={"template_id": 999_999}
        )


async def test_models_are_listed_and_told(sdk: AsyncOpenAI) -> None:
    assert [model.id async for model in await sdk.models.list()] == ["fake-model"]
    model: Any = await sdk.models.retrieve("fake-model")
    assert (model.object, model.capabilities) == ("model", ["chat"])
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve("org/another")
