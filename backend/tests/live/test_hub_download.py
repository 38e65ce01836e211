"""Downloading a model from a hub: a server on loopback that answers like one, cut, killed and lied to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pty
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.embedded.hub import HubError, ModelName, choose_files, download

pytestmark = pytest.mark.live
_BACKEND = Path(__file__).resolve().parents[2]
_CONTENT = b"GGUF" + bytes(range(256)) * 4096 * 24  # 24 MB: huggingface_hub hands over blocks of 10 MB
_FILES = ["README.md", "tiny-Q8_0.gguf", "tiny-Q4_K_M.gguf", "mmproj-tiny.gguf"]


class Hub:
    """A hub with one repository. `cut_after`: bytes after which each next answer of the list is cut off."""

    def __init__(self) -> None:
        self.cut_after: list[int] = []
        self.stall_after: int | None = None
        self.content = _CONTENT
        self.ranges: list[str | None] = []
        self.tokens: set[str | None] = set()
        self.stalled = asyncio.Event()
        self.url = ""

    async def info(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers.get("Authorization"))
        if request.match_info["name"] == "private":
            return web.json_response(
                {"error": "Repository not found"}, status=401, headers={"X-Error-Code": "RepoNotFound"}
            )
        lfs = {"sha256": hashlib.sha256(_CONTENT).hexdigest(), "size": len(_CONTENT), "pointerSize": 134}
        siblings = [
            {"rfilename": name, "size": len(_CONTENT), "blobId": "0" * 40, "lfs": lfs} for name in _FILES
        ]
        return web.json_response(
            {"id": "owner/tiny", "sha": "a" * 40, "siblings": siblings, "tags": [], "downloads": 0}
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        body = self.content[begin:]
        response = web.StreamResponse(status=206 if asked else 200)
        response.content_length = len(body)
        if asked:
            response.headers["Content-Range"] = f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}"
        await response.prepare(request)
        if self.stall_after is not None:
            await response.write(body[: self.stall_after])
            self.stall_after = None
            self.stalled.set()
            await asyncio.sleep(60)
        if self.cut_after:
            await response.write(body[: self.cut_after.pop(0)])
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(body)
        return response


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_get("/api/models/{owner}/{name}", hub.info)
    app.router.add_get("/{owner}/{name}/resolve/{revision}/{file}", hub.file)
    server = TestServer(app, host="127.0.0.1", shutdown_timeout=0.1)
    await server.start_server()
    hub.url = str(server.make_url("")).rstrip("/")
    yield hub
    await server.close()


async def fetch(hub: Hub, name: str, folder: Path) -> tuple[Path, list[str]]:
    said: list[str] = []
    path = await asyncio.to_thread(download, ModelName.parse(name), folder, say=said.append, endpoint=hub.url)
    return path, said


async def test_it_picks_the_usual_quantisation_says_so_and_downloads_once(hub: Hub, tmp_path: Path) -> None:
    path, said = await fetch(hub, "hf:owner/tiny", tmp_path)
    assert path.name == "tiny-Q4_K_M.gguf"
    assert path.read_bytes() == _CONTENT
    assert any("tiny-Q4_K_M.gguf" in line for line in said)
    again, said = await fetch(hub, "hf:owner/tiny:tiny-Q4_K_M.gguf", tmp_path)
    assert again == path
    assert len(hub.ranges) == 1, "the file was asked for twice"
    assert any("already" in line for line in said)


async def test_a_cut_connection_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [15_000_000]
    path, _ = await fetch(hub, "hf:owner/tiny:Q8_0", tmp_path)
    assert path.name == "tiny-Q8_0.gguf"
    assert path.read_bytes() == _CONTENT
    first, second = hub.ranges
    assert first is None
    assert second is not None and int(second.removeprefix("bytes=").rstrip("-")) > 0


async def test_a_killed_download_goes_on_in_the_next_run(hub: Hub, tmp_path: Path) -> None:
    hub.stall_after = 15_000_000
    command = [sys.executable, "-m", "app.embedded.fetch", "hf:owner/tiny", "--into", str(tmp_path)]
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_canary",
        "HF_HOME": str(tmp_path / "home"),
    }
    pipe = asyncio.subprocess.PIPE
    killed = await asyncio.create_subprocess_exec(
        *command, cwd=_BACKEND, env=environment, stdout=pipe, stderr=pipe
    )
    await asyncio.wait_for(hub.stalled.wait(), 30)
    part = await _first_part(tmp_path)
    killed.kill()
    await killed.communicate()
    assert 0 < part.stat().st_size < len(_CONTENT)
    again = await asyncio.create_subprocess_exec(
        *command, cwd=_BACKEND, env=environment, stdout=pipe, stderr=pipe
    )
    output, progress = await again.communicate()
    assert again.returncode == 0, output
    assert (tmp_path / "owner--tiny" / "tiny-Q4_K_M.gguf").read_bytes() == _CONTENT
    assert output.decode().strip().endswith("tiny-Q4_K_M.gguf")
    assert hub.ranges[-1] is not None, "it began again from the start"
    assert b"going on at" in progress
    assert hub.tokens == {"Bearer hf_canary"}


async def test_a_terminal_sees_a_progress_bar(hub: Hub, tmp_path: Path) -> None:
    terminal, its_end = pty.openpty()
    termios.tcsetwinsize(its_end, (24, 100))
    command = [sys.executable, "-m", "app.embedded.fetch", "hf:owner/tiny", "--into", str(tmp_path)]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "TERM": "xterm"}
    process = await asyncio.create_subprocess_exec(*command, cwd=_BACKEND, env=environment, stderr=its_end)
    os.close(its_end)
    assert await process.wait() == 0
    shown = b""
    with contextlib.suppress(OSError):  # so Linux says that nobody has the other end any more
        while more := os.read(terminal, 4096):
            shown += more
    os.close(terminal)
    assert b"tiny-Q4_K_M.gguf: " in shown and b"100%" in shown


def files_in(folder: Path, pattern: str = "*") -> list[Path]:
    return [path for path in folder.rglob(pattern) if path.is_file()]


async def _first_part(folder: Path) -> Path:
    async with asyncio.timeout(10):
        while True:
            for part in files_in(folder, "*.part"):
                if part.stat().st_size:
                    return part
            await asyncio.sleep(0.02)


async def test_a_wrong_checksum_is_an_error_and_leaves_no_file(hub: Hub, tmp_path: Path) -> None:
    hub.content = _CONTENT[:-1] + b"?"
    with pytest.raises(HubError, match="checksum"):
        await fetch(hub, "hf:owner/tiny", tmp_path)
    assert files_in(tmp_path) == []
    hub.content = _CONTENT
    path, _ = await fetch(hub, "hf:owner/tiny", tmp_path)
    assert path.read_bytes() == _CONTENT


async def test_what_is_not_there_is_said_plainly(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="HF_TOKEN"):
        await fetch(hub, "hf:owner/private", tmp_path)
    with pytest.raises(HubError, match=r"no Q2_K in it; there are: tiny-Q4_K_M\.gguf, tiny-Q8_0\.gguf"):
        await fetch(hub, "hf:owner/tiny:Q2_K", tmp_path)
    hub.url = "http://127.0.0.1:9"
    with pytest.raises(HubError, match="cannot be reached"):
        await fetch(hub, "hf:owner/tiny", tmp_path)


def test_a_split_model_is_all_its_parts() -> None:
    parts = [f"big-Q4_K_M-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    assert choose_files([*parts, "big-F16.gguf"], "") == parts
    assert choose_files(["README.md", "only-odd.gguf"], "") == ["only-odd.gguf"]


@pytest.mark.parametrize("text", ["hf:", "hf:nobody", "hf:../../etc:x", "owner/name", "hf:owner/name/more"])
def test_a_name_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(HubError, match="hf:OWNER/NAME"):
        ModelName.parse(text)
