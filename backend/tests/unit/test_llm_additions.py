"""Servers that refuse what the portal adds are asked without it, and what they say is wrong is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from app.llm.errors import ProviderRejectedError
from app.llm.providers.base import error_from_body
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from tests.fakes.asking import QUICK, collect, failure, text_of
from tests.fakes.upstream import FakeUpstream, Recorded, Reply

UNKNOWN = {
    "type": "extra_forbidden",
    "loc": ["body", "stream_options", "include_usage"],
    "msg": "Not permitted",
}


def strict(request: Recorded) -> Reply:
    """Refuse what is not known, as Mistral's API."""
    return Reply(status=422, error={}) if "stream_options" in request.body else Reply(text="Well.")


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(kind="openai") as server:
        yield server


@pytest.fixture
async def provider(upstream: FakeUpstream) -> AsyncIterator[OpenAICompatibleProvider]:
    adapter = OpenAICompatibleProvider("main", upstream.url, timeouts=QUICK)
    yield adapter
    await adapter.close()


async def relayed(provider: OpenAICompatibleProvider, model: str = "fake-model", **more: Any) -> bytes:
    messages = [{"role": "user", "content": "You"}]
    wish = {"stream": True, "stream_options": {"include_usage": True}}
    body = {"model": model, "messages": messages, **wish, **more}
    pieces = provider.relay("/v1/chat/completions", body, is_stream=True)
    return b"".join([piece async for piece in pieces])


async def test_it_is_asked_without_and_that_is_kept_in_mind(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.respond = strict
    assert text_of(await collect(provider)) == "Well."
    assert b"Well" in await relayed(provider)
    assert ["stream_options" in request.body for request in upstream.requests] == [True, False, False]
    upstream.requests.clear()
    provider.set_endpoint(upstream.url)  # another server, for all that is known
    assert b"Well" in await relayed(provider)
    assert len(upstream.requests) == 2


async def test_who_takes_it_is_asked_once(upstream: FakeUpstream, provider: OpenAICompatibleProvider) -> None:
    assert text_of(await collect(provider)) == "You said: hello there"
    upstream.default = Reply(status=400)
    assert isinstance((await failure(provider))[1], ProviderRejectedError)
    assert len(upstream.requests) == 2


async def test_a_kind_that_is_known_to_take_all_is_asked_once(upstream: FakeUpstream) -> None:
    upstream.default = Reply(status=400)
    adapter = OpenAICompatibleProvider("main", upstream.url, kind="openai", timeouts=QUICK)
    assert isinstance((await failure(adapter))[1], ProviderRejectedError)
    assert len(upstream.requests) == 1
    await adapter.close()


async def test_what_is_wrong_all_the_same_is_told(
    upstream: FakeUpstream, provider: OpenAICompatibleProvider
) -> None:
    upstream.default = Reply(status=400)
    for asked in (2, 4):
        assert isinstance((await failure(provider))[1], ProviderRejectedError)
        assert len(upstream.requests) == asked


async def test_thinking_is_not_switched_off_where_that_is_refused() -> None:
    async with FakeUpstream(kind="vllm") as upstream:
        # as vLLM of a model with Mistral's own tokenizer
        upstream.respond = lambda request: Reply(
            status=400 if "chat_template_kwargs" in request.body else 200
        )
        adapter = OpenAICompatibleProvider("main", upstream.url, timeouts=QUICK, skip_thinking=True)
        assert text_of(await collect(adapter)) == "You said: hello there"
        assert b"You" in await relayed(adapter, "another")
        bodies = [request.body for request in upstream.requests]
        # a model of another name may be of another mind
        assert ["chat_template_kwargs" in body for body in bodies] == [True, False, True, False]
        assert all("stream_options" in body for body in bodies)
        own: Any = {"chat_template_kwargs": {"enable_thinking": True}}
        with pytest.raises(ProviderRejectedError):
            await relayed(adapter, **own)
        assert upstream.requests[-1].body["chat_template_kwargs"] == own["chat_template_kwargs"]
        await adapter.close()


@pytest.mark.parametrize(
    "body",
    [
        {"object": "error", "message": {"detail": [UNKNOWN]}, "type": "invalid_request_error"},
        {"detail": [UNKNOWN]},
        {"error": {"message": [UNKNOWN]}},
    ],
)
def test_a_refusal_names_the_fields(body: Any) -> None:
    error = error_from_body("main", 422, orjson.dumps(body), None, ())
    assert error.message == (
        "The model server rejected the request: body.stream_options.include_usage: Not permitted."
    )


@pytest.mark.parametrize("detail", [[], [1], [{"loc": 5}], {}, {"detail": {}}, [{"msg": "", "loc": []}]])
def test_a_refusal_of_another_shape_is_one_all_the_same(detail: Any) -> None:
    error = error_from_body("main", 422, orjson.dumps({"detail": detail}), None, ())
    assert error.message == "The model server rejected the request."
