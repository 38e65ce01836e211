"""The embedded model server against the real llama.cpp: it serves, comes back, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from app.config import DEMO_MODEL, Settings, load_settings
from app.embedded.errors import LibraryMissingError, ModelLoadError, ModelMissingError
from app.embedded.supervisor import EmbeddedServer
from app.embedded.watch import Watch
from tests.fixtures.programs import has_ended

pytestmark = pytest.mark.live
_BACKEND = Path(__file__).resolve().parents[2]


def settings_for(model: Path, **overrides: object) -> Settings:
    return load_settings(llm_model_path=str(model), llm_server_url="", **overrides)


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    server = EmbeddedServer(settings_for(DEMO_MODEL))
    await server.start()
    assert await server.wait_ready(30), server.status
    yield server
    await server.stop()


async def ask(
    address: tuple[str, str] | None, path: str, *, key: str | None = None, body: object = None
) -> tuple[int, dict[str, Any]]:
    assert address is not None
    base_url, api_key = address
    headers = {"Authorization": f"Bearer {key or api_key}", "Origin": "http://elsewhere.example"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request("POST" if body else "GET", base_url + path, json=body) as response,
    ):
        assert "*" not in response.headers.get("Access-Control-Allow-Origin", "")
        return response.status, await response.json()


async def test_a_completion_comes_from_the_model(server: EmbeddedServer) -> None:
    body = {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 24, "temperature": 0}
    status, answer = await ask(server.address, "/v1/chat/completions", body=body)
    assert status == 200
    assert answer["choices"][0]["message"]["content"].strip()
    assert answer["usage"]["completion_tokens"] > 0


async def test_it_listens_on_loopback_with_a_key_and_without_a_page(server: EmbeddedServer) -> None:
    assert server.address is not None and server.address[0].startswith("http://127.0.0.1:")
    status, _ = await ask(server.address, "/v1/models", key="wrong")
    assert status == 401
    status, _ = await ask(server.address, "/")
    assert status == 404
    _, models = await ask(server.address, "/v1/models")
    assert [model["id"] for model in models["data"]] == [DEMO_MODEL.stem]


async def test_the_key_is_not_in_the_arguments(server: EmbeddedServer) -> None:
    assert server.address is not None and server.status.pid is not None
    child = psutil.Process(server.status.pid)
    assert server.address[1] not in " ".join(child.cmdline())
    assert server.address[1] not in " ".join(child.environ().values())


async def test_each_slot_holds_at_least_2048_tokens(server: EmbeddedServer) -> None:
    _, properties = await ask(server.address, "/props")
    assert properties["default_generation_settings"]["n_ctx"] >= 2048
    assert properties["total_slots"] == server.options.slots  # type: ignore[union-attr]


async def test_a_killed_server_is_back_a_second_after_it_could_be(server: EmbeddedServer) -> None:
    await server.stop()
    began = time.monotonic()
    await server.start()
    assert await server.wait_ready(30), server.status
    takes_seconds = time.monotonic() - began  # on this machine, beside whatever else it does
    states: list[str] = []
    noticed = asyncio.Event()
    server.on_change(lambda status: (states.append(status.state), noticed.set()))
    before = server.status.pid
    assert before is not None
    killed = time.monotonic()
    psutil.Process(before).kill()
    await asyncio.wait_for(noticed.wait(), 10)
    assert server.address is None
    assert await server.wait_ready(30)
    assert time.monotonic() - killed < 2 * takes_seconds + 1
    assert states == ["restarting", "ready"]
    assert server.status.pid != before and server.status.restarts == 1
    assert (await ask(server.address, "/health"))[0] == 200


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
async def test_a_server_that_hangs_is_replaced() -> None:
    server = EmbeddedServer(settings_for(DEMO_MODEL), watch=Watch(0.2, 0.5, silences=2))
    await server.start()
    try:
        assert await server.wait_ready(30), server.status
        hung = server.status.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        async with asyncio.timeout(20):
            while server.status.pid == hung or server.status.state != "ready":  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0.05)
        assert not psutil.pid_exists(hung)
        assert "did not answer" in str(server.status.last_error)
        assert (await ask(server.address, "/health"))[0] == 200
    finally:
        await server.stop()


async def test_stop_in_the_middle_of_a_stream_leaves_no_process() -> None:
    server = EmbeddedServer(settings_for(DEMO_MODEL))
    await server.start()
    assert await server.wait_ready(30)
    pid, address = server.status.pid, server.address
    assert pid is not None and address is not None
    body = {"prompt": "Hello", "n_predict": 100_000, "stream": True, "ignore_eos": True}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {address[1]}"}) as http,
        http.post(f"{address[0]}/completion", json=body) as stream,
    ):
        await stream.content.readline()
        began = time.monotonic()
        await server.stop()
        assert time.monotonic() - began < 3
    assert not psutil.pid_exists(pid)
    assert server.status.state == "stopped" and server.address is None
    await server.stop()


async def test_stop_before_it_was_ready() -> None:
    server = EmbeddedServer(settings_for(DEMO_MODEL))
    await server.start()
    await asyncio.sleep(0.02)
    await server.stop()
    assert server.status.state == "stopped"
    assert not [child for child in psutil.Process().children() if "app.embedded.child" in child.cmdline()]


_PARENT = """
import asyncio, sys
from app.config import load_settings
from app.embedded.supervisor import EmbeddedServer

async def main():
    server = EmbeddedServer(load_settings(llm_model_path=sys.argv[1]))
    await server.start()
    assert await server.wait_ready(30), server.status
    print(server.status.pid, "xllamacpp" in sys.modules, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_portal_leaves_no_orphan_and_never_imported_llama_cpp() -> None:
    environment = {**os.environ, "PYTHONPATH": str(_BACKEND), "PORTAL_ENV_FILE": ""}
    command = [sys.executable, "-c", _PARENT, str(DEMO_MODEL)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=_BACKEND
    ) as parent:
        assert parent.stdout is not None
        pid, was_imported = parent.stdout.readline().split()
        child = psutil.Process(int(pid))
        parent.kill()
    assert was_imported == "False"
    psutil.wait_procs([child], timeout=3)
    assert has_ended(child)


async def test_a_missing_model_is_said_and_not_tried_again(tmp_path: Path) -> None:
    server = EmbeddedServer(settings_for(tmp_path / "absent.gguf"))
    await server.start()
    assert not await server.wait_ready(10)
    assert server.status.state == "failed"
    assert isinstance(server.status.last_error, ModelMissingError)
    assert "absent.gguf" in server.status.last_error.message
    await server.stop()


async def test_a_damaged_model_fails_with_llama_cpps_own_reason(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(DEMO_MODEL.read_bytes()[: DEMO_MODEL.stat().st_size // 2])
    server = EmbeddedServer(settings_for(damaged))
    await server.start()
    assert not await server.wait_ready(20)
    error = server.status.last_error
    assert isinstance(error, ModelLoadError)
    assert "damaged.gguf" in error.message and "tensor" in error.message
    await server.stop()


async def test_a_missing_system_library_is_said_with_the_ways_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libgomp.so.1").write_text("no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    server = EmbeddedServer(settings_for(DEMO_MODEL))
    await server.start()
    assert not await server.wait_ready(20)
    error = server.status.last_error
    assert isinstance(error, LibraryMissingError)
    assert "libgomp.so.1" in error.message and "setup_llm.sh" in error.message
    await server.stop()
