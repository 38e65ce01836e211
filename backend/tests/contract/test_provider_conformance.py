"""Every kind of provider does what docs/providers.md says of it: one suite over a local server in each kind's own format."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from app.config import PROJECT_ROOT, Settings
from app.embedded.supervisor import EmbeddedServer
from app.gateway.own_events import OwnEncoder
from app.gateway.own_stream import OwnStream
from app.gateway.response_bodies import beginning
from app.llm.errors import ContextOverflowError, LLMError, ProviderRateLimitError, ProviderRejectedError
from app.llm.ports import Provider
from app.llm.providers.base import Timeouts
from app.llm.providers.module import ModuleProvider, load_module
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.providers.registry import KINDS, KindName
from app.llm.providers.translated import TranslatedProvider
from app.llm.types import ChatMessage, Chunk, CompletionRequest, Sampling
from app.models.definitions import MappingDefinition
from tests.fakes.upstream import FakeUpstream, Reply

QUICK = Timeouts(connect_seconds=2, first_token_seconds=5, chunk_seconds=5, total_seconds=10)
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "maps"}'}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
SCHEMA = {
    "type": "object",
    "properties": {"big": {"type": "boolean"}},
    "required": ["big"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "size", "schema": SCHEMA}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
EVERYTHING = frozenset(
    ("text", "stream", "tools", "JSON schema", "images", "reasoning", "usage", "errors", "cancel")
)
TEXT_ALONE = EVERYTHING - {"tools", "JSON schema", "images", "reasoning"}
CAN = {
    **dict.fromkeys(KINDS, EVERYTHING),
    "openai": EVERYTHING - {"reasoning"},  # OpenAI tells how long it thought, not what
    "gemini": EVERYTHING - {"reasoning"},
    "anthropic": EVERYTHING - {"reasoning", "JSON schema"},  # its own /v1/messages has both
    "translated": TEXT_ALONE,
    "module": EVERYTHING - {"JSON schema", "images"},
}
MODULE = """
import json, urllib.request

import aiohttp

ADDRESS = {url!r}

def translate_to_your_format(messages, **kwargs):
    return {{"prompt": messages[-1]["content"]}}

def call_your_api(data):
    body, kind = json.dumps(data).encode(), {{"content-type": "application/json"}}
    try:
        with urllib.request.urlopen(urllib.request.Request(ADDRESS + "/generate", body, kind), timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise

def translate_from_your_format(answer):
    return {{"content": answer["generated_text"], "reasoning": answer["thought"], "tool_calls": answer["calls"],
            "usage": {{"prompt_tokens": 2, "completion_tokens": answer["metadata"]["tokens_generated"]}}}}

async def stream_from_your_api(data):
    async with aiohttp.ClientSession() as client, client.post(ADDRESS + "/generate/stream", json=data) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            found = json.loads(line)
            yield {{"content": found["chunk"], "reasoning": found.get("thought"), "tool_calls": found.get("calls")}}
"""


@dataclass
class TextApi:
    """The guide's API: `{prompt}` in, `{generated_text}` out, JSON objects as a stream."""

    reply: Reply
    url: str = ""
    aborted: bool = False

    async def start(self, stack: AsyncExitStack) -> None:
        app = web.Application()
        app.router.add_post("/generate", self._whole)
        app.router.add_post("/generate/stream", self._stream)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stack.push_async_callback(runner.cleanup)
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _whole(self, request: web.Request) -> web.Response:
        reply, text = self.reply, (await request.json())["prompt"]
        if reply.status != 200:
            return web.json_response({}, status=reply.status)
        await self._wait(reply)
        answer: dict[str, Any] = {"generated_text": f"You said: {text}", "metadata": {"tokens_generated": 3}}
        return web.json_response({**answer, "thought": reply.reasoning, "calls": reply.tool_calls})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        text = (await request.json())["prompt"]
        if self.reply.status != 200:
            return web.json_response({}, status=self.reply.status)
        response = web.StreamResponse()
        await response.prepare(request)
        more = {"thought": self.reply.reasoning, "calls": self.reply.tool_calls}
        for piece in ("You ", "said: ", text):
            await response.write(orjson.dumps({"chunk": piece, "finished": False, **more}) + b"\n")
            await self._wait(self.reply)
            more = {}
        await response.write(orjson.dumps({"chunk": "", "finished": True}) + b"\n")
        return response

    async def _wait(self, reply: Reply) -> None:
        try:
            await asyncio.sleep(reply.chunk_delay_seconds)
        except asyncio.CancelledError:
            self.aborted = True
            raise


@dataclass
class Rig:
    """A provider of one kind, and the server that it speaks to."""

    kind: str
    provider: Provider
    server: FakeUpstream | TextApi

    def answer(self, reply: Reply) -> None:
        if isinstance(self.server, TextApi):
            self.server.reply = reply
            return
        reply.comments = self.kind == "openrouter"
        in_other_field: Any = {
            "ollama": "reasoning",
            "openrouter": "reasoning",
            "generic": "think",
            "localai": "think",
        }
        reply.reasoning_field = in_other_field.get(self.kind, "reasoning_content")
        self.server.queue(reply)

    async def stream(self, content: Any = "Hello!", **sampling: Any) -> list[Chunk]:
        request = CompletionRequest("fake-model", (ChatMessage("user", content),), Sampling(**sampling))
        return [chunk async for chunk in self.provider.stream(request)]

    async def relay(self, *, is_stream: bool = False, **fields: Any) -> bytes:
        body = {"model": "fake-model", "messages": [{"role": "user", "content": "Hello!"}], **fields}
        pieces = self.provider.relay(
            "/v1/chat/completions", {**body, "stream": is_stream}, is_stream=is_stream
        )
        return b"".join([piece async for piece in pieces])

    @property
    def sent(self) -> dict[str, Any]:
        assert isinstance(self.server, FakeUpstream)
        return self.server.requests[-1].body

    async def is_aborted(self) -> None:
        async with asyncio.timeout(1):
            while not self.server.aborted:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.005)


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.content for chunk in chunks)


async def text(rig: Rig) -> None:
    rig.answer(Reply())
    answer = orjson.loads(await rig.relay())
    assert answer["choices"][0]["message"]["content"].startswith("You said: Hello!")
    assert answer["choices"][0]["finish_reason"] == "stop"


async def stream(rig: Rig) -> None:
    rig.answer(Reply())
    chunks = await rig.stream()
    assert said(chunks) == "You said: Hello!"
    assert [one.finish_reason for one in chunks if one.finish_reason] == ["stop"]
    rig.answer(Reply())
    streamed = await rig.relay(is_stream=True)
    assert streamed.count(b"data: ") >= 3 and streamed.rstrip().endswith(b"data: [DONE]")


async def tools(rig: Rig) -> None:
    for is_stream in (False, True):
        rig.answer(Reply(text="", tool_calls=[CALL], finish_reason="tool_calls"))
        found = await rig.relay(is_stream=is_stream, tools=[TOOL])
        assert b"call_1" in found and b"look" in found and b"maps" in found
    if isinstance(rig.server, FakeUpstream):
        assert rig.sent["tools"] == [TOOL]


async def json_schema(rig: Rig) -> None:
    rig.answer(Reply(text='{"big": true}'))
    assert said(await rig.stream(response_format=FORMAT)) == '{"big": true}'
    assert rig.sent["response_format"] == FORMAT


async def images(rig: Rig) -> None:
    content = [{"type": "text", "text": "What is it?"}, IMAGE]
    rig.answer(Reply())
    await rig.stream(content)
    assert rig.sent["messages"][-1]["content"] == content


async def reasoning(rig: Rig) -> None:
    rig.answer(Reply(text="42", reasoning="Let me see."))
    chunks = await rig.stream()
    assert "".join(chunk.reasoning for chunk in chunks) == "Let me see."
    assert "Let me see." not in said(chunks)


async def usage(rig: Rig) -> None:
    rig.answer(Reply())
    counted = orjson.loads(await rig.relay())["usage"]
    assert counted["completion_tokens"] > 0
    assert counted["total_tokens"] == counted["prompt_tokens"] + counted["completion_tokens"]


async def errors(rig: Rig) -> None:
    for status, expected in ((429, ProviderRateLimitError), (400, ProviderRejectedError), (500, LLMError)):
        rig.answer(Reply(status=status))
        with pytest.raises(expected) as refused:
            await rig.relay()
        assert refused.value.is_retryable == (status != 400)


async def cancel(rig: Rig) -> None:
    rig.answer(Reply(chunks=["One "] * 200, chunk_delay_seconds=0.2))
    request = CompletionRequest("fake-model", (ChatMessage("user", "Hello!"),), Sampling())
    chunks = rig.provider.stream(request)
    await anext(chunks)
    await chunks.aclose()
    await rig.is_aborted()


CHECKS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "text": text,
    "stream": stream,
    "tools": tools,
    "JSON schema": json_schema,
    "images": images,
    "reasoning": reasoning,
    "usage": usage,
    "errors": errors,
    "cancel": cancel,
}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def rig_of(kind: str, stack: AsyncExitStack, folder: Path) -> Rig:
    if kind in KINDS:
        name: Any = kind
        own: Any = {"llama.cpp": "llama.cpp", "vllm": "vllm", "ollama": "ollama"}.get(kind, "openai")
        prefix = "/v1beta/openai" if kind == "gemini" else "/v1"
        server = FakeUpstream(kind=own, prefix=prefix, wraps_errors=kind == "gemini", api_key="sk-own")
        await stack.enter_async_context(server)
        url = server.url + (prefix if kind == "gemini" else "")
        provider = OpenAICompatibleProvider(kind, url, "sk-own", kind=name, timeouts=QUICK)
        stack.push_async_callback(provider.close)
        return Rig(kind, provider, server)
    api = TextApi(Reply())
    await api.start(stack)
    if kind == "module":
        (folder / "lab.py").write_text(MODULE.format(url=api.url))
        return Rig(kind, ModuleProvider(kind, load_module(folder, "lab"), timeouts=QUICK), api)
    mapping = MappingDefinition.model_validate(
        {
            "path": "/generate",
            "request": {"prompt": "=messages[-1].content"},
            "response": {"content": "generated_text", "completion_tokens": "metadata.tokens_generated"},
            "stream": {"path": "/generate/stream", "content": "chunk", "finished": "finished"},
        }
    )
    translated = TranslatedProvider(kind, api.url, "", mapping.mapping(), timeouts=QUICK)
    stack.push_async_callback(translated.close)
    return Rig(kind, translated, api)


@pytest.mark.parametrize("kind", [*CAN])
async def test_a_kind_does_what_its_row_says(kind: str, stack: AsyncExitStack, tmp_path: Path) -> None:
    rig = await rig_of(kind, stack, tmp_path)
    for feature, check in CHECKS.items():
        if feature in CAN[kind]:
            await check(rig)


def test_the_documents_table_is_what_is_tested() -> None:
    document = (PROJECT_ROOT / "docs" / "providers.md").read_text()
    rows = {
        cells[0].strip("` "): {name for name, mark in zip(CHECKS, cells[1:], strict=True) if mark == "✓"}
        for line in re.findall(r"^\| (`[\w.-]+` \|.*✓.*) \|$", document, re.MULTILINE)
        if len(cells := [cell.strip() for cell in line.split("|")]) == len(CHECKS) + 1
    }
    assert rows == {kind: set(features) for kind, features in CAN.items()}


async def own_routes(address: tuple[str, str]) -> None:
    """It has responses and messages itself: asked there, they come under the portal's id and with their usage."""
    provider = OpenAICompatibleProvider(
        "real", *address, own_routes=["responses", "messages"], timeouts=QUICK
    )
    body = {"model": "m", "input": "Hello!", "max_output_tokens": 8, "stream": True}
    data = b"".join([piece async for piece in provider.relay("/v1/responses", body, is_stream=True)])
    begun = beginning(body, "resp_ours", 1, "alias")
    encoder = OwnEncoder(begun)
    events = [*encoder.feed(data), *encoder.finish(1)]
    assert encoder.has_ended and not encoder.has_failed and len(events) > 5
    assert (encoder.response["id"], encoder.response["model"]) == ("resp_ours", "alias")
    assert encoder.response["output"] and encoder.response["usage"]["output_tokens"] == 8
    assert not encoder.is_stored_there
    said = {
        "model": "m",
        "max_tokens": 8,
        "messages": [{"role": "user", "content": "Hello!"}],
        "stream": True,
    }
    stream = OwnStream("/v1/messages", "alias")
    async for piece in provider.relay("/v1/messages", said, is_stream=True):
        stream.feed(piece)
    assert stream.usage is not None and stream.usage.completion_tokens == 8
    await provider.close()


async def test_llama_cpp_itself(stack: AsyncExitStack) -> None:
    """The real server with the demo model: what that model can do."""
    embedded = EmbeddedServer(Settings(_env_file=None, llm_server_url="", llm_context_tokens=512))  # type: ignore[call-arg]
    await embedded.start()
    stack.push_async_callback(embedded.stop)
    assert await embedded.wait_ready(30), embedded.status
    kind: KindName = "llama.cpp"
    address = embedded.address
    assert address is not None
    provider = OpenAICompatibleProvider("real", *address, kind=kind, timeouts=QUICK)
    stack.push_async_callback(provider.close)

    async def asked(content: str, **sampling: Any) -> list[Chunk]:
        request = CompletionRequest("m", (ChatMessage("user", content),), Sampling(temperature=0, **sampling))
        return [chunk async for chunk in provider.stream(request)]

    await own_routes(address)
    chunks = await asked("What is the capital of France?", max_tokens=40)
    assert "Paris" in said(chunks) and len(chunks) > 3
    [counted] = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert counted.prompt_tokens > 0 and counted.completion_tokens > 1
    shaped = said(await asked("Is it big?", max_tokens=100, response_format=FORMAT))
    assert orjson.loads(shaped) in ({"big": True}, {"big": False})
    with pytest.raises(ContextOverflowError):
        await asked("word " * 2000)
    endless = CompletionRequest("m", (ChatMessage("user", "Go on."),), Sampling(extra={"ignore_eos": True}))
    left = provider.stream(endless)
    await anext(left)
    await left.aclose()
    assert said(await asked("What is the capital of France?", max_tokens=40)) == said(chunks)
