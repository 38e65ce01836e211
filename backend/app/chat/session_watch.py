"""Says to an owner's open pages which sessions have changed, whichever door or replica changed them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from app.coord.base import CoordUnavailableError, Signals

logger = logging.getLogger(__name__)

LIFE_SECONDS = 300.0
"""A stream ends after this long, so that its reader comes back with a token that still counts."""
GATHER_SECONDS = 0.1
_TOPIC = "sessions."
_END = b"end"
ENDED_TURNS = "turns.ended"
"""Signals `{"user_id", "session_id", "turn_id", "door"}` of turns of other doors than MQTT that are done, for the bridge."""


class SessionWatch:
    """Small signals without content: the reader looks again at what it shows, with its own rights."""

    def __init__(
        self,
        signals: Signals,
        *,
        life_seconds: float = LIFE_SECONDS,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        self._signals = signals
        self._life_seconds = life_seconds
        self._gather_seconds = gather_seconds
        self._sending: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def announce(self, user_id: int, session_id: str | None) -> None:
        """Tell that a session changed (None: many of them). Never waits; a signal that is lost loses no data."""
        self._send(_TOPIC + str(user_id), orjson.dumps(session_id))

    def announce_end(self, user_id: int, session_id: str, turn_id: str, door: str) -> None:
        """Tell that a turn is done, after `announce`'s manner; who asked over MQTT has heard it there."""
        if door == "mqtt":
            return
        turn = {"user_id": user_id, "session_id": session_id, "turn_id": turn_id, "door": door}
        self._send(ENDED_TURNS, orjson.dumps(turn))

    def end(self, user_id: int) -> None:
        """End a person's streams on every replica: their readers come back with a credential that still counts, or not."""
        self._send(_TOPIC + str(user_id), _END)

    async def follow(self, user_id: int) -> AsyncGenerator[tuple[int, bytes]]:
        """Yield numbered events `{"session_ids": […]}` (null: look at all), each gathered for a moment; the first is empty."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self._life_seconds
        number = 1
        async with self._signals.listen(_TOPIC + str(user_id)) as messages, _reader(messages) as reader:
            yield number, _event(set())  # from here on nothing is missed
            while (first := await reader.next(ends_at, self._closing)) is not None:
                if first == _END:
                    return
                changed = {_session_of(first)}
                until = clock() + self._gather_seconds
                while (more := await reader.next(until, self._closing)) is not None:
                    if more == _END:
                        return
                    changed.add(_session_of(more))
                number += 1
                yield number, _event(changed)

    def close(self) -> None:
        """End every stream: the portal stops, and none of them should hold it up."""
        self._closing.set()

    def _send(self, topic: str, payload: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._publish(topic, payload))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _publish(self, topic: str, payload: bytes) -> None:
        try:
            await self._signals.publish(topic, payload)
        except CoordUnavailableError:
            logger.debug("other replicas were not told that a session changed")


class _Reader:
    """Takes messages with a deadline; one that comes after it is kept for the next call."""

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self._messages = messages
        self._pending: asyncio.Future[bytes] | None = None

    async def next(self, ends_at: float, closing: asyncio.Event) -> bytes | None:
        """Return the next message; None when `ends_at` (in the loop's time) has come, or the portal stops."""
        if self._pending is None:
            self._pending = asyncio.ensure_future(anext(self._messages))
        stop = asyncio.create_task(closing.wait())
        try:
            seconds = max(0.0, ends_at - asyncio.get_running_loop().time())
            both: set[asyncio.Future[Any]] = {self._pending, stop}
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
        if not self._pending.done():
            return None
        message, self._pending = self._pending.result(), None
        return message

    async def close(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)


@asynccontextmanager
async def _reader(messages: AsyncIterator[bytes]) -> AsyncIterator[_Reader]:
    reader = _Reader(messages)
    try:
        yield reader
    finally:
        await reader.close()


def _event(changed: set[str | None]) -> bytes:
    names = None if None in changed else sorted(name for name in changed if name is not None)
    return orjson.dumps({"session_ids": names})


def _session_of(message: bytes) -> str | None:
    value = orjson.loads(message)
    return value if isinstance(value, str) else None
