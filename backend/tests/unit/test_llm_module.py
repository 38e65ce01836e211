"""A provider that is a Python module: the guide's functions, faults, and what may not be loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.llm.errors import LLMError, ProviderRateLimitError, ProviderTimeoutError
from app.llm.providers.base import Timeouts
from app.llm.providers.module import ModuleError, ModuleProvider, load_module
from app.llm.types import ChatMessage, CompletionRequest, Sampling

GUIDE = """
import asyncio

CLOSED = []

async def translate_to_your_format(messages, **kwargs):
    return {"prompt": messages[-1]["content"], "params": {"temp": kwargs.get("temperature", 1.0)}}

async def translate_from_your_format(response):
    return response.get("generated_text", "")

async def call_your_api(data):
    return {"generated_text": f"You said: {data['prompt']} at {data['params']['temp']}"}

async def stream_from_your_api(data):
    try:
        for piece in ("You ", "said: ", data["prompt"]):
            yield piece
            await asyncio.sleep(0)
        if data["prompt"] == "stall":
            await asyncio.sleep(60)
    finally:
        CLOSED.append(data["prompt"])
"""
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "providers"
    found.mkdir(mode=0o755)
    (found / "guide.py").write_text(GUIDE)
    return found


def provider(folder: Path, name: str = "guide", **timeouts: float) -> ModuleProvider:
    return ModuleProvider(name, load_module(folder, name), timeouts=Timeouts(**timeouts))


async def asked(one: ModuleProvider, text: str = "Hello!") -> str:
    request = CompletionRequest("a-model", (ChatMessage("user", text),), Sampling(temperature=0.5))
    return "".join([chunk.content async for chunk in one.stream(request)])


async def test_the_guides_functions_answer_whole_and_streamed(folder: Path) -> None:
    lab = provider(folder)
    assert await asked(lab) == "You said: Hello!"
    body = {"model": "a-model", "messages": HELLO, "temperature": 0.5}
    [whole] = [piece async for piece in lab.relay("/v1/chat/completions", body, is_stream=False)]
    answer = orjson.loads(whole)
    assert answer["choices"][0]["message"]["content"] == "You said: Hello! at 0.5"
    pieces = [piece async for piece in lab.relay("/v1/chat/completions", body, is_stream=True)]
    assert pieces[-1] == b"data: [DONE]\n\n" and len(pieces) == 5


async def test_who_leaves_ends_the_modules_stream(folder: Path) -> None:
    lab = provider(folder)
    pieces = lab.relay("/v1/chat/completions", {"messages": HELLO}, is_stream=True)
    await anext(pieces)
    await pieces.aclose()
    assert lab._module.CLOSED == ["Hello!"]


async def test_a_module_that_falls_silent_is_late(folder: Path) -> None:
    lab = provider(folder, chunk_seconds=0.02)
    with pytest.raises(ProviderTimeoutError):
        await asked(lab, "stall")
    assert lab._module.CLOSED == ["stall"]


async def test_functions_that_are_not_async_run_in_a_thread(folder: Path) -> None:
    (folder / "plain.py").write_text(
        "import threading\n"
        "def translate_to_your_format(messages, **kwargs): return messages\n"
        "def call_your_api(data): return threading.current_thread() is threading.main_thread()\n"
        "def translate_from_your_format(response):\n"
        "    return {'content': str(response), 'usage': {'prompt_tokens': 3, 'completion_tokens': 1}}\n"
    )
    body = {"messages": HELLO}
    [whole] = [
        piece
        async for piece in provider(folder, "plain").relay("/v1/chat/completions", body, is_stream=False)
    ]
    answer = orjson.loads(whole)
    assert answer["choices"][0]["message"]["content"] == "False" and answer["usage"]["total_tokens"] == 4


async def test_what_a_module_raises_is_typed_and_holds_nothing_of_it(folder: Path) -> None:
    (folder / "faulty.py").write_text(
        "class HTTPError(Exception):\n    def __init__(self, status): self.status = status\n"
        "async def translate_to_your_format(messages, **kwargs): return messages[-1]['content']\n"
        "async def call_your_api(data):\n"
        "    if data == 'busy': raise HTTPError(429)\n"
        "    raise RuntimeError('the key is sk-secret')\n"
        "async def translate_from_your_format(response): return response\n"
    )
    faulty = provider(folder, "faulty")
    with pytest.raises(ProviderRateLimitError):
        await asked(faulty, "busy")
    with pytest.raises(LLMError) as failed:
        await asked(faulty)
    assert "sk-secret" not in failed.value.message and failed.value.is_retryable


@pytest.mark.parametrize(
    "name", ["../guide", "sub/guide", "/etc/passwd", "guide.py", "..", "", "a b", "guide\x00"]
)
def test_a_path_is_no_modules_name(folder: Path, name: str) -> None:
    with pytest.raises(ModuleError, match="no module's name"):
        load_module(folder, name)


def test_what_may_not_be_loaded_is_not(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(GUIDE)
    (folder / "link").symlink_to(outside)
    (folder / "link.py").symlink_to(outside)
    (folder / "half.py").write_text("async def call_your_api(data): ...\n")
    (folder / "broken.py").write_text("raise RuntimeError\n")
    (folder / "open.py").write_text(GUIDE)
    (folder / "open.py").chmod(0o666)
    for name, why in (
        ("link", "there is no"),
        ("nothing", "there is no"),
        ("half", "has no translate_to_your_format"),
        ("broken", "cannot be loaded"),
        ("open", "written by everybody"),
    ):
        with pytest.raises(ModuleError, match=why):
            load_module(folder, name)
    with pytest.raises(ModuleError, match="PROVIDER_MODULES_DIR is not set"):
        load_module(None, "guide")


async def test_a_slow_module_stalls_nobody_else(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import threading\n"
        "is_called, may_go_on = threading.Event(), threading.Event()\n"
        "def translate_to_your_format(messages, **kwargs): return messages\n"
        "def call_your_api(data): is_called.set(); return may_go_on.wait(5)\n"
        "def translate_from_your_format(response): return 'late' if response else 'nobody else ran'\n"
    )
    slow = load_module(folder, "slow")
    work = asyncio.ensure_future(asked(ModuleProvider("slow", slow, timeouts=Timeouts())))
    while not slow.is_called.is_set():  # type: ignore[attr-defined]  # noqa: ASYNC110 - set by its thread
        await asyncio.sleep(0.005)
    slow.may_go_on.set()  # type: ignore[attr-defined]
    assert await work == "late"
