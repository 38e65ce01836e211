"""Bare connections to model servers, against a server that says exactly the bytes that a test wants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.llm.errors import LLMError, ProviderTimeoutError, ProviderUnreachableError, StreamInterruptedError
from app.llm.providers.base import Timeouts
from app.llm.providers.transport import Endpoint, Transport

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Answers each request with the next script: bytes to say, seconds to wait, or None to close."""

    def __init__(self) -> None:
        self.scripts: list[list[bytes | float | None]] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.lost = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                for step in self.scripts.pop(0):
                    if step is None:
                        return
                    if isinstance(step, float):
                        await asyncio.sleep(step)
                    else:
                        writer.write(step)
                        await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.lost.set()
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield made
    listener.close()


Ask = Callable[..., Any]


@pytest.fixture
async def ask(server: Server) -> AsyncIterator[Ask]:
    """Send a request and return all of its answer's body."""
    waits = Timeouts(connect_seconds=2, first_token_seconds=0.3, chunk_seconds=0.2, total_seconds=2)
    transport = Transport("bare", waits, is_private_allowed=True)

    async def send(*, key: str = "", is_stream: bool = False, closes_after: bool = False) -> bytes:
        endpoint = Endpoint.of(server.url, key)
        answer = await transport.open_relay(
            endpoint, "/v1/chat/completions", {"a": 1}, closes_after=closes_after, is_stream=is_stream
        )
        data = b""
        try:
            while piece := await transport.next_piece(answer):
                data += piece
        finally:
            answer.close()
        return data

    yield send
    await transport.close()


async def test_a_connection_serves_one_request_after_the_other(server: Server, ask: Ask) -> None:
    server.scripts = [[JSON], [b"HTTP/1.1 100 Continue\r\n\r\n", JSON[:30], 0.01, JSON[30:]], [JSON]]
    assert [await ask(key="s3cret") for _ in range(3)] == [b"{}"] * 3
    assert server.connections == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1" and body == b'{"a":1}'
    assert {"Authorization: Bearer s3cret", "Content-Length: 7"} <= set(lines)


async def test_bodies_come_in_chunks_by_length_or_until_the_end(server: Server, ask: Ask) -> None:
    server.scripts = [
        [STREAM, b"3\r\none\r\n", 0.01, b"3\r\ntwo\r\n0\r\n\r\n"],
        [b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall there", b" is", None],
    ]
    assert await ask(is_stream=True) == b"onetwo"
    assert await ask() == b"all there is"
    assert server.connections == 1


async def test_a_kept_connection_that_the_server_closed_is_replaced(server: Server, ask: Ask) -> None:
    server.scripts = [[JSON], [None], [JSON]]
    assert [await ask(), await ask()] == [b"{}", b"{}"]
    assert (server.connections, len(server.requests)) == (2, 3)


async def test_what_broke_after_its_first_byte_is_not_asked_again(server: Server, ask: Ask) -> None:
    server.scripts = [[b"HTTP/1.1 200", None], [None], [None], [STREAM, b"3\r\none\r\n", None]]
    with pytest.raises(ProviderUnreachableError):
        await ask()
    with pytest.raises(ProviderUnreachableError):
        await ask()  # twice before its first byte
    with pytest.raises(StreamInterruptedError):
        await ask(is_stream=True)
    assert len(server.requests) == 4


async def test_silence_has_its_limits_and_the_connection_ends(server: Server, ask: Ask) -> None:
    server.scripts = [[5.0], [STREAM, b"3\r\none\r\n", 5.0]]
    for wait in ("answer", "chunk"):
        with pytest.raises(ProviderTimeoutError) as caught:
            await ask(is_stream=True)
        assert (caught.value.details or {})["wait"] == wait
    assert server.connections == 2


async def test_each_wait_has_its_own_limit_whatever_was_waited_for_before(server: Server) -> None:
    waits = Timeouts(connect_seconds=2, first_token_seconds=60, chunk_seconds=0.3, total_seconds=60)
    transport = Transport("bare", waits, is_private_allowed=True)
    pieces: list[bytes | float | None] = [b"1\r\na\r\n", 0.1] * 4
    server.scripts = [[STREAM, 0.02, *pieces, 1.0]]
    answer = await transport.open_relay(
        Endpoint.of(server.url), "/v1/x", {}, closes_after=False, is_stream=True
    )
    data, began = b"", time.monotonic()
    async with asyncio.timeout(10):
        with pytest.raises(ProviderTimeoutError):
            while True:
                data += await transport.next_piece(answer)
    assert data == b"aaaa"
    assert time.monotonic() - began > 0.6  # more than two waits: a timer that is left over ends none
    answer.close()
    await transport.close()


async def test_who_leaves_closes_the_connection_at_once(server: Server, ask: Ask) -> None:
    piece: list[bytes | float | None] = [b"3\r\none\r\n", 0.005]
    server.scripts = [[STREAM, *(400 * piece)]]
    asking = asyncio.create_task(ask(is_stream=True))
    while not server.requests:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.005)
    asking.cancel()
    async with asyncio.timeout(1):
        await server.lost.wait()


@pytest.mark.parametrize(
    "answer",
    [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", JSON + JSON],
)
async def test_nonsense_is_an_error_or_ignored_and_never_another_ones_answer(
    server: Server, ask: Ask, answer: bytes
) -> None:
    server.scripts = [[answer, 0.02], [JSON], [JSON]]
    try:
        assert await ask() == b"{}"
    except LLMError:
        assert not answer.startswith(JSON)
    await asyncio.sleep(0.05)
    server.scripts = [[JSON]]
    assert await ask() == b"{}"
    assert server.connections == 2


async def test_a_large_answer_waits_in_the_socket_while_nobody_reads(server: Server) -> None:
    size = 32 * 1024 * 1024
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size
    server.scripts = [[head, bytes(size)]]
    transport = Transport("bare", Timeouts(), is_private_allowed=True)
    answer = await transport.open_relay(
        Endpoint.of(server.url), "/v1/x", {}, closes_after=False, is_stream=False
    )
    await asyncio.sleep(0.05)
    held = getattr(answer, "_held_bytes")  # noqa: B009
    assert 0 < held < size / 4
    total = 0
    while piece := await transport.next_piece(answer):
        total += len(piece)
    assert total == size
    await transport.close()


async def test_a_key_cannot_forge_a_header_and_private_addresses_stay_closed(
    server: Server, ask: Ask
) -> None:
    with pytest.raises(ProviderUnreachableError):
        await ask(key="a\r\nX-Evil: 1")
    closed = Transport("bare", Timeouts(), is_private_allowed=False)
    endpoint = Endpoint.of(server.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(LLMError):
        await closed.open_relay(endpoint, "/v1/x", {}, closes_after=False, is_stream=False)
    await closed.close()
    assert server.connections == 0
