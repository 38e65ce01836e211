"""A TCP proxy before the database that can be told to take its time: each piece that a client sends waits first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class SlowProxy:
    """Hands bytes on, and lets what goes to the server wait for `delay_seconds`."""

    def __init__(self, target_port: int) -> None:
        self.delay_seconds = 0.0
        self.port = 0
        self._target_port = target_port

    async def serve(self, started: threading.Event) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_read, to_write = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._hand_on(reader, to_write, is_slow=True), self._hand_on(to_read, writer))

    async def _hand_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_slow: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if is_slow and self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def slow_proxy(target_port: int) -> Iterator[SlowProxy]:
    """Run one on a thread of its own."""
    proxy, started, loop = SlowProxy(target_port), threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop, proxy, started), name="slow-proxy", daemon=True)
    thread.start()
    started.wait(5)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join(5)


def _run(loop: asyncio.AbstractEventLoop, proxy: SlowProxy, started: threading.Event) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(proxy.serve(started))
    loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
