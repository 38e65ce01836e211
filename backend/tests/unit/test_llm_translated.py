"""An API with a format of its own, spoken to by a mapping: the example of the guide, whole and streamed, and its faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web

from app.kit.clock import SystemClock
from app.llm.errors import (
    LLMError,
    ProviderProtocolError,
    ProviderRejectedError,
    ProviderUnreachableError,
    StreamInterruptedError,
)
from app.llm.providers.base import Timeouts
from app.llm.providers.mapping import Frames
from app.llm.providers.translated import TranslatedProvider
from app.llm.types import Caller, ChatMessage, CompletionRequest, Sampling
from app.models.config_file import ConfigFileError, parse
from app.models.pool import ProviderPool
from app.models.routes import ModelRoutes
from app.models.targets import TargetTable

KEY = "canary-key-51"
FILE = """\
providers:
  lab:
    kind: translated
    base_url: {url}
    api_key: {key}
    mapping:
      path: /generate
      request:
        prompt: "=messages[-1].content"
        params:
          temp: "=temperature"
          max_length: "=max_tokens"
        client: portal
      response:
        content: generated_text
        completion_tokens: metadata.tokens_generated
        error: problem
      stream:
        path: /generate/stream
        content: chunk
        finished: finished
        error: problem
"""
CHUNKS: list[dict[str, Any]] = [
    {"chunk": "The ", "finished": False},
    {"chunk": "capital ", "finished": False},
    {"chunk": "of Fränce is Paris.", "finished": True},
]


class LabApi:
    """The guide's API on a real socket: it records what it is sent, and answers what it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.answer: Any = {
            "generated_text": "The capital of Fränce is Paris.",
            "metadata": {"tokens_generated": 8, "generation_time": 0.5},
        }
        self.status = 200
        self.stream = b"".join(orjson.dumps(one, option=orjson.OPT_INDENT_2) + b"\n" for one in CHUNKS)
        self.url = ""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/generate", self._whole)
        app.router.add_post("/generate/stream", self._stream)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _whole(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.json()))
        return web.json_response(self.answer, status=self.status)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, dict(request.headers), await request.json()))
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(self.stream), 5):  # cut inside of words and characters
            await response.write(self.stream[start : start + 5])
            await asyncio.sleep(0)
        return response


@pytest.fixture
async def api() -> AsyncIterator[LabApi]:
    server = LabApi()
    runner = await server.start()
    yield server
    await runner.cleanup()


def provider_of(text: str) -> TranslatedProvider:
    found = parse(text, lambda name: None).providers["lab"]
    assert found.mapping is not None
    quick = Timeouts(connect_seconds=2, first_token_seconds=5, chunk_seconds=5, total_seconds=5)
    return TranslatedProvider(
        "lab", found.base_url, found.api_key.get_secret_value(), found.mapping.mapping(), timeouts=quick
    )


@pytest.fixture
async def provider(api: LabApi) -> AsyncIterator[TranslatedProvider]:
    made = provider_of(FILE.format(url=api.url, key=KEY))
    yield made
    await made.close()


ASK = CompletionRequest(
    "lab-model",
    (ChatMessage("user", "What is the capital of France?"),),
    Sampling(temperature=0, max_tokens=100),
)
BODY: dict[str, Any] = {"model": "lab-model", "messages": [{"role": "user", "content": "Hi"}]}


async def whole(provider: TranslatedProvider) -> dict[str, Any]:
    raw = b"".join([piece async for piece in provider.relay("/v1/chat/completions", BODY, is_stream=False)])
    return dict(orjson.loads(raw))


async def test_the_guides_example_is_one_block_of_yaml(api: LabApi, provider: TranslatedProvider) -> None:
    chunks = [chunk async for chunk in provider.stream(ASK)]
    assert "".join(chunk.content for chunk in chunks) == "The capital of Fränce is Paris."
    assert chunks[-1].finish_reason == "stop"
    path, headers, body = api.requests[0]
    assert path == "/generate/stream" and headers["Authorization"] == f"Bearer {KEY}"
    assert body == {
        "prompt": "What is the capital of France?",
        "params": {"temp": 0, "max_length": 100},
        "client": "portal",
    }


async def test_openais_format_whole_and_streamed(api: LabApi, provider: TranslatedProvider) -> None:
    answer = await whole(provider)
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "The capital of Fränce is Paris.",
    }
    assert (answer["model"], answer["usage"]["completion_tokens"]) == ("lab-model", 8)
    assert api.requests[0][2] == {
        "prompt": "Hi",
        "params": {},
        "client": "portal",
    }  # what was not asked is left out
    raw = b"".join([piece async for piece in provider.relay("/v1/chat/completions", BODY, is_stream=True)])
    *events, end = raw.decode().strip().split("\n\n")
    deltas = [orjson.loads(event.removeprefix("data: "))["choices"][0] for event in events]
    assert "".join(delta["delta"].get("content", "") for delta in deltas) == "The capital of Fränce is Paris."
    assert (deltas[-1]["finish_reason"], end) == ("stop", "data: [DONE]")
    with pytest.raises(ProviderRejectedError):
        await anext(provider.relay("/v1/embeddings", BODY, is_stream=False))


async def test_what_clients_write_otherwise_is_understood(api: LabApi, provider: TranslatedProvider) -> None:
    parts = [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]
    body = {**BODY, "messages": [{"role": "user", "content": parts}], "max_completion_tokens": 7}
    assert [piece async for piece in provider.relay("/v1/chat/completions", body, is_stream=False)]
    assert api.requests[0][2] == {"prompt": "Hi\nthere", "params": {"max_length": 7}, "client": "portal"}
    parts.append({"type": "image_url", "image_url": {"url": "x"}})  # type: ignore[dict-item]
    with pytest.raises(ProviderRejectedError, match="text alone"):
        await anext(provider.relay("/v1/chat/completions", body, is_stream=True))


async def test_a_stream_that_stops_before_its_end_is_an_error(
    api: LabApi, provider: TranslatedProvider
) -> None:
    api.stream = b"\n".join(orjson.dumps(one) for one in CHUNKS[:2])
    got: list[str] = []
    with pytest.raises(StreamInterruptedError):
        async for chunk in provider.stream(ASK):
            got.append(chunk.content)
    assert got == ["The ", "capital "]
    api.stream = b'{"chunk": "The '
    with pytest.raises(ProviderProtocolError):
        assert [chunk async for chunk in provider.stream(ASK)] == []


async def test_errors_are_typed_and_hold_no_secret(api: LabApi, provider: TranslatedProvider) -> None:
    api.answer = {"problem": f"bad key {KEY} at {api.url}"}
    with pytest.raises(LLMError) as said:
        await whole(provider)
    assert said.value.is_retryable and KEY not in said.value.message and api.url not in said.value.message
    api.answer = {"other": 1}
    with pytest.raises(ProviderProtocolError):
        await whole(provider)
    api.status = 503
    with pytest.raises(ProviderUnreachableError):
        await whole(provider)


async def test_its_models_are_offered_by_name(api: LabApi) -> None:
    text = FILE.format(url=api.url, key=KEY) + "models:\n  lab-model:\n    targets: [{provider: lab}]\n"
    found = parse(text, lambda name: None)
    pool = ProviderPool(Timeouts(), SystemClock())
    pool.apply(found.providers)
    routes = ModelRoutes(TargetTable(pool.adapter("lab", found.providers["lab"]), "configured"), pool)
    routes.define(found.models)
    try:
        await pool.probe_all()
        [target] = routes.candidates("lab-model", Caller(1))
        assert target.name == "lab/lab-model"
        assert "".join([chunk.content async for chunk in target.provider.stream(ASK)]).endswith("Paris.")
    finally:
        await pool.close()


async def test_without_streams_the_whole_answer_is_one_piece(api: LabApi) -> None:
    text = FILE.format(url=api.url, key=KEY)
    made = provider_of(text[: text.index("      stream:")])
    try:
        chunks = [chunk async for chunk in made.stream(ASK)]
    finally:
        await made.close()
    assert [chunk.content for chunk in chunks] == ["The capital of Fränce is Paris.", ""]
    assert api.requests[0][0] == "/generate" and chunks[-1].usage is not None


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("framing", "raw", "expected"),
    [
        ("json", '{"a": "ü{"}\n\n{"a": 2}{\n"a": 3}', [{"a": "ü{"}, {"a": 2}, {"a": 3}]),
        (
            "sse",
            'event: x\r\ndata: {"a": "ü"}\r\n\r\n: note\n\ndata: {"a": 2}\n\ndata: [DONE]\n\n',
            [{"a": "ü"}, {"a": 2}],
        ),
        ("sse", 'data: {"a": 1}', [{"a": 1}]),
    ],
)
def test_frames_are_found_however_the_bytes_are_cut(
    size: int, framing: Any, raw: str, expected: list[Any]
) -> None:
    frames, data, found = Frames(framing, "lab"), raw.encode(), []
    for start in range(0, len(data), size):
        found += frames.feed(data[start : start + size])
    assert found + frames.feed(b"", is_last=True) == expected


def test_plain_text_is_passed_on() -> None:
    frames = Frames("text", "lab")
    assert "".join(frames.feed(b"Bl\xc3") + frames.feed(b"\xbc!") + frames.feed(b"", is_last=True)) == "Blü!"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("generated_text", "generated[", "line 15"),
        ("=temperature", "=temperature[", "line 8"),
        ("path: /generate\n", "path: generate\n", "line 7"),
        ("kind: translated", "kind: vllm", "line 2"),
        ("content: chunk", "contents: chunk", "line 20"),
    ],
)
def test_a_wrong_mapping_is_told_with_its_line(old: str, new: str, said: str) -> None:
    text = FILE.format(url="http://127.0.0.1:9", key=KEY).replace(old, new, 1)
    with pytest.raises(ConfigFileError) as raised:
        parse(text, lambda name: None)
    assert any(str(mistake).startswith(said) for mistake in raised.value.mistakes), raised.value.mistakes
    assert KEY not in str(raised.value)
