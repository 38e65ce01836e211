"""When a turn's stages happened, and the figures that are shown of them."""

from __future__ import annotations

from app.kit.clock import Clock


class Stopwatch:
    """Marks instants of one answer, from arrival on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arrived = clock.monotonic()
        self._sent: float | None = None
        self._first: float | None = None
        self._thought_from: float | None = None
        self._thought_until: float | None = None
        self._ended: float | None = None

    @property
    def arrived(self) -> float:
        """The instant of arrival, in the clock's monotonic time; deadlines count from it."""
        return self._arrived

    def mark_sent(self) -> None:
        """The request leaves the queue for the target."""
        self._sent = self._clock.monotonic()

    def mark_first_token(self) -> None:
        if self._first is None:
            self._first = self._clock.monotonic()

    def mark_reasoning(self) -> None:
        """The model thinks: from the first piece of reasoning to the first piece of the answer."""
        if self._thought_from is None:
            self._thought_from = self._clock.monotonic()

    def mark_content(self) -> None:
        if self._thought_from is not None and self._thought_until is None:
            self._thought_until = self._clock.monotonic()

    def mark_end(self) -> None:
        self._ended = self._clock.monotonic()

    def attempt_ttft_ms(self) -> float | None:
        """Return the time from sending to the first token."""
        if self._first is None or self._sent is None:
            return None
        return _ms(self._first - self._sent)

    def figures(self, completion_tokens: int | None) -> dict[str, float]:
        """Return `queued_ms, ttft_ms, reasoning_ms, total_ms, tokens_per_second`, those that are known."""
        end = self._ended if self._ended is not None else self._clock.monotonic()
        figures = {"queued_ms": _ms((self._sent if self._sent is not None else end) - self._arrived)}
        if self._first is not None:
            figures["ttft_ms"] = _ms(self._first - self._arrived)
        if self._thought_from is not None:
            until = self._thought_until if self._thought_until is not None else end
            figures["reasoning_ms"] = _ms(until - self._thought_from)
        figures["total_ms"] = _ms(end - self._arrived)
        if completion_tokens and self._first is not None and end > self._first:
            figures["tokens_per_second"] = round(completion_tokens / (end - self._first), 1)
        return figures


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
