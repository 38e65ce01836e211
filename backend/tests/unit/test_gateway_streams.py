"""Streams of `/v1` towards their reader: comments while it is silent, late refusals, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from app.errors import UnavailableError
from app.gateway import direct
from app.gateway.direct import stream_of
from app.gateway.responses import ByteStream
from app.gateway.service import Begun


class Reader:
    """What a client sees; it leaves when told."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.has_left = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    async def receive(self) -> Any:
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    async def read(self, response: Any, path: str = "/v1/chat/completions") -> None:
        await response({"type": "http", "path": path}, self.receive, self.send)


class Pieces:
    """A stream that waits before each of its pieces, if it is told how, and knows whether it was closed."""

    def __init__(self, *pieces: bytes, pause: Callable[[], Awaitable[object]] | None = None) -> None:
        self.is_closed = False
        self._pieces = pieces
        self._pause = pause
        self.is_begun = asyncio.Event()

    async def __call__(self) -> AsyncGenerator[bytes]:
        try:
            for piece in self._pieces:
                self.is_begun.set()
                if self._pause is not None:
                    await self._pause()
                yield piece
        finally:
            self.is_closed = True


async def test_silence_is_filled_with_comments_between_whole_events() -> None:
    reader = Reader()

    async def two_comments() -> None:
        wanted = reader.body.count(b": keep-alive") + 2
        while reader.body.count(b": keep-alive") < wanted:  # noqa: ASYNC110 - the reader tells nobody
            await asyncio.sleep(0.005)

    pieces = Pieces(b"data: 1\n\n", b"data: 2\n\n", pause=two_comments)
    async with asyncio.timeout(10):
        await reader.read(ByteStream(pieces(), keep_alive_seconds=0.02))
    events = reader.body.split(b"\n\n")
    assert [event for event in events if event.startswith(b"data")] == [b"data: 1", b"data: 2"]
    assert events[:2] == [b": keep-alive"] * 2
    assert events.count(b": keep-alive") >= 4
    assert [message["type"] for message in reader.messages].count("http.response.start") == 1
    assert reader.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert pieces.is_closed


async def test_a_reader_who_leaves_closes_the_stream() -> None:
    reader, pieces = Reader(), Pieces(b"data: 1\n\n", pause=asyncio.Event().wait)
    reading = asyncio.create_task(reader.read(ByteStream(pieces())))
    await pieces.is_begun.wait()
    reader.has_left.set()
    await asyncio.wait_for(reading, 5)
    assert pieces.is_closed and reader.body == b""


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_model_that_reads_for_long_is_waited_for_with_comments(
    monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    monkeypatch.setattr(direct, "KEEP_ALIVE_SECONDS", 0.02)
    reader, pieces = Reader(), Pieces(b"data: 1\n\n")

    async def opening() -> Begun:
        await asyncio.sleep(0.1)
        if is_refused:
            raise UnavailableError("The model server does not answer.")
        return Begun(pieces())

    await reader.read(await stream_of(opening(), reader.receive))
    if not is_refused:
        assert reader.body == b"data: 1\n\n" and pieces.is_closed
    else:
        error = orjson.loads(reader.body.removeprefix(b"data: "))["error"]
        assert error["message"] == "The model server does not answer."
    assert reader.messages[0]["status"] == 200  # it had to begin before anybody knew


@pytest.mark.parametrize("failure", [UnavailableError("It is away."), KeyError("a bug")])
async def test_a_late_failure_is_told_as_the_doors_clients_hear_it(failure: Exception) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"event: ping\ndata: {}\n\n"
        raise failure

    reader = Reader()
    await reader.read(ByteStream(pieces()), "/v1/messages")
    name, _, data = reader.body.partition(b"\n\n")[2].partition(b"\n")
    told = orjson.loads(data.removeprefix(b"data: "))
    assert name == b"event: error" and told["type"] == "error" and told["error"]["message"]
    reader = Reader()
    await reader.read(ByteStream(pieces()), "/v1/responses")
    assert orjson.loads(reader.body.split(b"\n\n")[1].removeprefix(b"data: "))["error"]["code"]


async def test_a_refusal_in_time_is_no_stream() -> None:
    async def opening() -> Begun:
        raise UnavailableError("No.")

    with pytest.raises(UnavailableError):
        await stream_of(opening(), Reader().receive)


async def test_who_leaves_while_the_model_reads_ends_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    for keep_alive_seconds in (10.0, 0.02):  # before and after the stream had to begin
        monkeypatch.setattr(direct, "KEEP_ALIVE_SECONDS", keep_alive_seconds)
        reader, is_cancelled = Reader(), asyncio.Event()

        async def opening(is_cancelled: asyncio.Event = is_cancelled) -> Begun:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                is_cancelled.set()
                raise
            raise AssertionError

        async def answer(reader: Reader = reader, work: Any = opening) -> None:
            await reader.read(await stream_of(work(), reader.receive))

        asking = asyncio.create_task(answer())
        await asyncio.sleep(0.1)
        reader.has_left.set()
        await asyncio.wait({asking}, timeout=1)
        assert asking.done() and is_cancelled.is_set()
        asking.exception()
