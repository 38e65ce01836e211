"""Small messages between the listeners of one process."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.coord.waiter import Waiter

_logger = logging.getLogger(__name__)
MAX_PENDING = 1000
"""A listener that is so far behind loses the oldest message, and the log says so."""


class _Listener:
    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._pending: deque[bytes] = deque()
        self._mutex = threading.Lock()
        self._waiter: Waiter | None = None

    def put(self, payload: bytes) -> None:
        with self._mutex:
            if len(self._pending) >= MAX_PENDING:
                self._pending.popleft()
                _logger.warning("a listener of %s is too slow; its oldest signal was dropped", self._topic)
            self._pending.append(payload)
            waiter, self._waiter = self._waiter, None
        if waiter:
            waiter.wake()

    async def messages(self) -> AsyncIterator[bytes]:
        while True:
            with self._mutex:
                payload = self._pending.popleft() if self._pending else None
                if payload is None:
                    self._waiter = waiter = Waiter()
            if payload is None:
                await waiter.wait()
            else:
                yield payload


class LocalSignals:
    """Topics and who listens to them."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._listeners: dict[str, list[_Listener]] = {}

    async def publish(self, topic: str, payload: bytes) -> None:
        """See `coord.base.Signals.publish`."""
        self.deliver(topic, payload)

    def deliver(self, topic: str, payload: bytes) -> None:
        """Hand a message to everyone who listens in this process."""
        with self._mutex:
            listeners = list(self._listeners.get(topic, ()))
        for listener in listeners:
            listener.put(payload)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `coord.base.Signals.listen`."""
        listener = _Listener(topic)
        with self._mutex:
            self._listeners.setdefault(topic, []).append(listener)
        try:
            yield listener.messages()
        finally:
            with self._mutex:
                self._listeners[topic].remove(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]
