"""Runs a paho client: on the event loop where it can watch sockets, else (Windows) in paho's own thread.

On the loop a message needs no hop between threads, and what is published goes to the socket at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sys
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client

# A broker that is back is found within a second; bridges come at different moments.
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.1, 0.8
_MISC_SECONDS = 1.0


class PahoLoop:
    """Keeps a client connected. All of its callbacks run on the loop's thread, or all in paho's."""

    def __init__(
        self,
        client: Client,
        *,
        reconnects: bool,
        on_failure: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self.is_connecting = False
        self._client = client
        self.reconnects = reconnects
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._socket: Any = None
        self._number = -1  # the socket's: a closed one cannot tell it any more
        self._is_over = asyncio.Event()
        self.has_thread = not _can_watch_sockets(self._loop)
        client.on_socket_open = self._opened
        client.on_socket_close = self._closed
        client.on_connect_fail = self._failed

    def start(self) -> None:
        """Begin to connect; the client knows where to."""
        if self.has_thread:
            self._client.reconnect_delay_set(_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS)  # type: ignore[arg-type]
            self._client.loop_start()
        else:
            self._task = asyncio.create_task(self._run(), name="mqtt-connection")

    async def stop(self) -> None:
        """End; what was handed to the client before is sent still, if the broker takes it."""
        if self.has_thread:
            await asyncio.to_thread(self._client.loop_stop)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        # paho closes its own pair of sockets only when it is collected
        self._client._reset_sockets()

    def flush(self) -> None:
        """Send what could not be sent at once."""
        if self._socket is None or self.has_thread:
            return
        if self._client.want_write():
            self._client.loop_write()
        if self._socket is not None and self._client.want_write():
            self._loop.add_writer(self._number, self._write)

    async def _run(self) -> None:
        delay = _FIRST_RETRY_SECONDS
        while True:
            if await self._connect():
                delay = _FIRST_RETRY_SECONDS
                while not self._is_over.is_set():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_MISC_SECONDS):
                            await self._is_over.wait()
                    self._client.loop_misc()
            if not self.reconnects:
                return
            await asyncio.sleep(delay * (0.5 + random.random() / 2))
            delay = min(2 * delay, _LONGEST_RETRY_SECONDS)

    async def _connect(self) -> bool:
        """Open the connection in a thread, as names are looked up and TLS is spoken there; then watch it here."""
        self.is_connecting = True
        self._is_over.clear()
        try:
            await asyncio.to_thread(self._client.reconnect)
        except (OSError, ValueError) as error:
            self._on_failure(error)
            return False
        finally:
            self.is_connecting = False
        sock = self._client.socket()
        if sock is None:
            return False
        self._socket, self._number = sock, sock.fileno()
        self._loop.add_reader(self._number, self._read)
        self.flush()
        self._read()
        return True

    def _failed(self, _client: Client, _data: Any) -> None:
        """Called in paho's own thread, which connects by itself and says so within its `except`."""
        if isinstance(error := sys.exc_info()[1], Exception):
            self._on_failure(error)

    def _opened(self, _client: Client, _data: Any, sock: Any) -> None:
        """Nagle's algorithm and delayed acknowledgements together cost 44 ms a message."""
        with contextlib.suppress(OSError, AttributeError):
            getattr(sock, "_socket", sock).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(sock, "_socket"):
            sock.send = _whole(sock.send)

    def _closed(self, _client: Client, _data: Any, sock: Any) -> None:
        if sock is self._socket and not self.has_thread:
            self._loop.remove_reader(self._number)
            self._loop.remove_writer(self._number)
            self._socket = None
            self._is_over.set()

    def _read(self) -> None:
        sock = self._socket
        if sock is None:
            return
        self._client.loop_read()
        self.flush()
        # What TLS or a WebSocket frame has taken from the socket already, the loop does not see.
        if self._socket is sock and getattr(sock, "pending", int)() > 0:
            self._loop.call_soon(self._read)

    def _write(self) -> None:
        if self._socket is None:
            return
        self._client.loop_write()
        if self._socket is not None and not self._client.want_write():
            self._loop.remove_writer(self._number)


def _whole(send: Callable[[bytes], int]) -> Callable[[bytes], int]:
    """Have a WebSocket's packet tried again until all of it is written: paho forgets one of which only a part was."""

    def send_whole(data: bytes) -> int:
        sent = send(data)
        if data and not sent:
            raise BlockingIOError
        return sent

    return send_whole


def _can_watch_sockets(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether the loop has `add_reader`: Windows' usual one has not."""
    probe, other = socket.socketpair()
    try:
        loop.add_reader(probe, int)
        loop.remove_reader(probe)
    except NotImplementedError:
        return False
    finally:
        probe.close()
        other.close()
    return True
