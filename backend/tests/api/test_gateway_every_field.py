"""Every field that the official SDKs know of: passed, said otherwise, without effect, or refused by name; never lost unseen.

A release of an SDK with a field that is not named here fails these tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import anthropic
import openai
import pytest
import pytest_asyncio
from anthropic import AsyncAnthropic
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming as MessageParams
from openai import AsyncOpenAI
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as ChatParams
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming as ResponseParams

from tests.api.shared_portal import SharedPortal
from tests.fakes.upstream import FakeUpstream

on_the_portals_loop = pytest.mark.asyncio(loop_scope="module")

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION = {"name": "look", "parameters": SCHEMA}
NO_EFFECT, REFUSED, ALWAYS = "no effect", "refused", "in every request"

CHAT: dict[str, Any] = {
    "audio": {"voice": "ash", "format": "wav"},
    "frequency_penalty": 0.1,
    "function_call": "auto",
    "functions": [FUNCTION],
    "logit_bias": {"7": 1},
    "logprobs": True,
    "max_completion_tokens": 7,
    "max_tokens": 7,
    "messages": ALWAYS,
    "metadata": {"a": "b"},
    "modalities": ["text"],
    "model": ALWAYS,
    "moderation": {"model": "omni"},
    "n": 1,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": 0.1,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "x"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "seed": 7,
    "service_tier": "auto",
    "stop": ["x"],
    "store": False,
    "stream": ALWAYS,
    "stream_options": ALWAYS,  # of a stream alone; see test_gateway.py
    "temperature": 0,
    "tool_choice": "none",
    "tools": [{"type": "function", "function": FUNCTION}],
    "top_logprobs": 2,
    "top_p": 0.5,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
}

# the value, and what the server is asked by it; None for what it is asked else
RESPONSES: dict[str, tuple[Any, Any]] = {
    "access_programs": (["x"], NO_EFFECT),
    "background": (False, NO_EFFECT),
    "context_management": ([{"type": "compaction"}], NO_EFFECT),
    "conversation": ("conv_" + "0" * 32, REFUSED),  # of nobody; see test_gateway_conversations.py
    "image": ({"x": 1}, NO_EFFECT),
    "include": (["reasoning.encrypted_content"], NO_EFFECT),
    "input": ("x", ALWAYS),
    "instructions": ("Be brief.", {"messages": [{"role": "system", "content": "Be brief."}, *HELLO]}),
    "max_output_tokens": (7, {"max_tokens": 7}),
    "max_tool_calls": (3, NO_EFFECT),
    "metadata": ({"a": "b"}, NO_EFFECT),  # is the response's own
    "model": ("x", ALWAYS),
    "moderation": ({"model": "omni"}, NO_EFFECT),
    "parallel_tool_calls": (False, {"parallel_tool_calls": False}),
    "previous_response_id": ("resp_" + "0" * 32, REFUSED),  # of nobody; see test_gateway_responses.py
    "prompt": ({"id": "pmpt_1"}, REFUSED),
    "prompt_cache_key": ("k", NO_EFFECT),
    "prompt_cache_options": ({"mode": "x"}, NO_EFFECT),
    "prompt_cache_retention": ("24h", NO_EFFECT),
    "reasoning": ({"effort": "low"}, {"reasoning_effort": "low", "chat_template_kwargs": None}),
    "safety_identifier": ("s", NO_EFFECT),
    "service_tier": ("auto", NO_EFFECT),
    "store": (False, NO_EFFECT),
    "stream": (False, NO_EFFECT),
    "stream_options": ({"include_obfuscation": False}, NO_EFFECT),
    "temperature": (0, {"temperature": 0}),
    "text": ({"format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
    "tool_choice": ("auto", NO_EFFECT),  # without tools there is nothing to choose
    "tools": ([{"type": "function", **FUNCTION}], {"tools": [{"type": "function", "function": FUNCTION}]}),
    "top_logprobs": (2, {"logprobs": True, "top_logprobs": 2}),
    "top_p": (0.5, {"top_p": 0.5}),
    "truncation": ("auto", NO_EFFECT),
    "user": ("u", {"user": "u"}),
}

TOOL = {"name": "look", "input_schema": SCHEMA}
MESSAGES: dict[str, tuple[Any, Any]] = {
    "betas": (["x"], NO_EFFECT),
    "billing_policy": ("x", NO_EFFECT),
    "cache_control": ({"type": "ephemeral"}, NO_EFFECT),
    "compaction": ({"type": "x"}, REFUSED),
    "container": ("c", NO_EFFECT),
    "context_management": ({"edits": []}, NO_EFFECT),
    "diagnostics": ({"x": 1}, NO_EFFECT),
    "fallback_credit_token": ("x", NO_EFFECT),
    "fallbacks": ([{"model": "x"}], NO_EFFECT),
    "inference_geo": ("eu", NO_EFFECT),
    "max_tokens": (7, ALWAYS),
    "mcp_servers": ([{"type": "url", "url": "https://example.org", "name": "x"}], REFUSED),
    "messages": ([], ALWAYS),
    "metadata": ({"user_id": "u"}, NO_EFFECT),
    "model": ("x", ALWAYS),
    "output_config": (
        {"format": {"type": "json_schema", "schema": SCHEMA}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "output", "schema": SCHEMA, "strict": True},
            }
        },
    ),
    "service_tier": ("auto", NO_EFFECT),
    "speed": ("fast", NO_EFFECT),
    "stop_sequences": (["x"], {"stop": ["x"]}),
    "stream": (False, {"stream": False}),
    "system": ("Be brief.", {"messages": [{"role": "system", "content": "Be brief."}, *HELLO]}),
    "thinking": ({"type": "disabled"}, NO_EFFECT),
    "thread": ("t", REFUSED),
    "tool_choice": ({"type": "auto"}, {"tool_choice": "auto"}),
    "tools": ([TOOL], {"tools": [{"type": "function", "function": FUNCTION}]}),
    "user_profile_id": ("u", NO_EFFECT),
    "workspace_id": ("w", NO_EFFECT),
}


@pytest.fixture
def upstream(shared: SharedPortal) -> FakeUpstream:
    shared.upstream.requests.clear()
    return shared.upstream


@pytest_asyncio.fixture(loop_scope="module")
async def claude(shared: SharedPortal) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=shared.url, api_key=shared.ada_key, max_retries=0) as client:
        yield client


@pytest.mark.parametrize(
    ("params", "table"), [(ChatParams, CHAT), (ResponseParams, RESPONSES), (MessageParams, MESSAGES)]
)
def test_every_field_of_the_sdks_is_named(params: type, table: Mapping[str, Any]) -> None:
    assert set(table) == set(params.__annotations__)


@on_the_portals_loop
async def test_chat_completions_pass_every_field(sdk: AsyncOpenAI, upstream: FakeUpstream) -> None:
    for name, value in CHAT.items():
        if value == ALWAYS:
            continue
        await sdk.chat.completions.create(**{"model": "fake-model", "messages": HELLO, name: value})
        assert upstream.requests[-1].body[name] == value, name


@on_the_portals_loop
async def test_responses_pass_translate_or_refuse_every_field(
    sdk: AsyncOpenAI, upstream: FakeUpstream
) -> None:
    async def ask(fields: dict[str, Any]) -> None:
        await sdk.responses.create(**{"model": "fake-model", "input": "Hello!", **fields})

    await _try_each(RESPONSES, ask, upstream, (openai.BadRequestError, openai.NotFoundError))


@on_the_portals_loop
async def test_messages_translate_or_refuse_every_field(
    claude: AsyncAnthropic, upstream: FakeUpstream
) -> None:
    async def ask(fields: dict[str, Any]) -> None:
        await claude.beta.messages.create(
            **{"model": "fake-model", "max_tokens": 50, "messages": HELLO, **fields}
        )

    await _try_each(MESSAGES, ask, upstream, (anthropic.BadRequestError,))


async def _try_each(
    table: Mapping[str, tuple[Any, Any]],
    ask: Any,
    upstream: FakeUpstream,
    refusals: tuple[type[Exception], ...],
) -> None:
    await ask({})
    plain = upstream.requests[-1].body
    for name, (value, effect) in table.items():
        if effect == ALWAYS:
            continue
        if effect == REFUSED:
            asked = len(upstream.requests)
            with pytest.raises(refusals, match=name):
                await ask({name: value})
            assert len(upstream.requests) == asked, name
            continue
        await ask({name: value})
        expected = {**plain, **({} if effect == NO_EFFECT else effect)}
        asked_by = {key: value for key, value in expected.items() if value is not None}
        assert upstream.requests[-1].body == asked_by, name
