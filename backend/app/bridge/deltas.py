"""Gathers the pieces of an answer for a moment, so that a fast model makes no message of every token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

GATHER_SECONDS = 0.04


class DeltaGatherer:
    """Hands on text and reasoning: the first piece at once, then at most once in GATHER_SECONDS."""

    def __init__(self, send: Callable[[str, str], None]) -> None:
        self._send = send
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str, reasoning: str) -> None:
        self._text.append(text)
        self._reasoning.append(reasoning)
        if self._timer is None:
            self._flush_and_wait()

    def close(self) -> None:
        """Hand on what is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flush()

    def _flush_and_wait(self) -> None:
        had_something = self._flush()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(GATHER_SECONDS, self._flush_and_wait) if had_something else None

    def _flush(self) -> bool:
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        self._text.clear()
        self._reasoning.clear()
        if text or reasoning:
            self._send(text, reasoning)
        return bool(text or reasoning)
