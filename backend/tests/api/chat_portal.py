"""The whole portal on a real socket in the test's own loop, over a scripted model server; and clients of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn
from sqlalchemy import select

from app.chat.runtime import Runtime
from app.config import Settings
from app.main import create_app
from app.usage.tables import UsageRow
from tests.fakes.upstream import FakeUpstream

PASSWORD = "correct horse battery"


class _Server(uvicorn.Server):
    """Leaves the test's signal handlers alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Stream:
    """The events of one SSE answer, as they came."""

    status: int = 0
    raw: bytes = b""
    events: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(data.get("content", "") for _, data in self.events)

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1][1]

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.events]


@dataclass
class ChatPortal:
    """A running portal and its model server."""

    runtime: Runtime
    upstream: FakeUpstream
    base_url: str

    @contextlib.asynccontextmanager
    async def client(self, email: str) -> AsyncIterator[httpx.AsyncClient]:
        """Open a client of a new person who has signed in."""
        async with httpx.AsyncClient(base_url=self.base_url, timeout=20) as client:
            await self.sign_in(client, email)
            yield client

    async def sign_in(self, client: httpx.AsyncClient, email: str) -> None:
        await client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
        login = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {login.json()['access_token']}"


@contextlib.asynccontextmanager
async def serve_portal(
    settings: Settings, upstream: FakeUpstream, *, ready_seconds: float = 5
) -> AsyncIterator[ChatPortal]:
    """Run the portal until the block ends."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    runtime: Runtime = app.state.runtime
    async with asyncio.timeout(ready_seconds):
        while not runtime.health.state.is_available:  # noqa: ASYNC110 - the monitor tells nobody else
            await asyncio.sleep(0.005)
    try:
        yield ChatPortal(runtime, upstream, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        await task


async def say(client: httpx.AsyncClient, session_id: str, message: str | None, **more: Any) -> dict[str, Any]:
    """Send one message and return the whole answer."""
    body = {"session_id": session_id, **({"message": message} if message is not None else {}), **more}
    answer = await client.post("/api/llm/chat/session", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def usage_rows(portal: ChatPortal, count: int) -> list[UsageRow]:
    """Wait until so many requests have ended, and return what was written of them."""
    async with asyncio.timeout(5):
        while True:
            await portal.runtime.usage_recorder.flush()
            async with portal.runtime.database.reading() as session:
                rows = (await session.scalars(select(UsageRow).order_by(UsageRow.created_at))).all()
            if len(rows) >= count:
                assert len(rows) == count, [(row.door, row.operation, row.status) for row in rows]
                return list(rows)
            await asyncio.sleep(0.01)


async def read_stream(
    client: httpx.AsyncClient, method: str, path: str, *, until: int | None = None, **options: Any
) -> Stream:
    """Read an SSE answer to its end, or leave after so many events."""
    result = Stream()
    async with client.stream(method, path, **options) as response:
        result.status = response.status_code
        buffer = b""
        async for piece in response.aiter_bytes():
            result.raw += piece
            buffer += piece
            *frames, buffer = buffer.split(b"\n\n")
            for frame in frames:
                if not frame.startswith(b":"):
                    result.events.append(parse_frame(frame))
                if until is not None and len(result.events) >= until:
                    return result
    return result


def parse_frame(frame: bytes) -> tuple[int, dict[str, Any]]:
    """Read one event as the contract has it: an `id:` line and one `data:` line of JSON."""
    head, _, data = frame.partition(b"\n")
    assert head.startswith(b"id: ") and data.startswith(b"data: ") and b"\n" not in data, frame
    return int(head[4:]), orjson.loads(data[6:])
