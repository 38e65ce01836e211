"""The answer as it comes: collected for the store, told to readers event by event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.llm.events import CONTENT, PROGRESS, QUEUED, REASONING, EventEncoder, encode_length
from app.llm.timings import Stopwatch
from app.llm.turns import TurnOutcome
from app.llm.types import Chunk, Usage

Emit = Callable[[bytes], object]


class Answer:
    """Collects an answer as it comes, and emits an event for each piece."""

    def __init__(self, encoder: EventEncoder, emit: Emit, stopwatch: Stopwatch) -> None:
        self._encoder = encoder
        self._emit = emit
        self._stopwatch = stopwatch
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: dict[int, dict[str, Any]] = {}
        self._lengths: list[int] = []
        self._was_queued = False
        self._thousandths = 0
        self._finish_reason: str | None = None
        self.usage: Usage | None = None

    @property
    def has_output(self) -> bool:
        """Whether anything of the answer came; from then on no other candidate is tried."""
        return bool(self._content or self._reasoning or self._tool_calls)

    def texts(self) -> tuple[str, str]:
        """Return content and reasoning so far."""
        return "".join(self._content), "".join(self._reasoning)

    def queue_place(self, place: int) -> None:
        """Tell the place in the queue; 0 says that the wait is over."""
        if place == 0 and not self._was_queued:
            return
        self._was_queued = place > 0
        self._note(QUEUED, place, self._encoder.queued(place))

    def take(self, chunk: Chunk) -> None:
        """Add a chunk. Runs once per token: it does no more than it must."""
        if chunk.reasoning:
            if not self._reasoning:
                self._stopwatch.mark_first_token()
                self._stopwatch.mark_reasoning()
            self._reasoning.append(chunk.reasoning)
            self._note(REASONING, len(chunk.reasoning), self._encoder.reasoning(chunk.reasoning))
        if chunk.content:
            if not self._content:
                self._stopwatch.mark_first_token()
                self._stopwatch.mark_content()
            self._content.append(chunk.content)
            self._note(CONTENT, len(chunk.content), self._encoder.content(chunk.content))
        if chunk.tool_calls:
            self._stopwatch.mark_first_token()
            self._merge_tool_calls(chunk.tool_calls)
        if chunk.finish_reason is not None:
            self._finish_reason = chunk.finish_reason
        if chunk.usage is not None:
            self.usage = chunk.usage
        if chunk.progress is not None:
            self._progress(chunk.progress)

    def outcome(self, model: str | None) -> TurnOutcome:
        """Return what came, as the outcome of an answer that ended well."""
        content, reasoning = self.texts()
        completion_tokens = self.usage.completion_tokens if self.usage is not None else len(self._lengths)
        return TurnOutcome(
            status="done",
            content=content,
            reasoning=reasoning,
            tool_calls=[self._tool_calls[index] for index in sorted(self._tool_calls)] or None,
            finish_reason=self._finish_reason,
            model=model,
            usage=self.usage,
            timings=self._stopwatch.figures(completion_tokens if self.has_output else None),
            event_lengths=self._lengths,
        )

    def _progress(self, fraction: float) -> None:
        """Tell each further percent; a prefill that is over with its first report is not worth a word."""
        thousandths = round(1000 * fraction)
        is_over_at_once = thousandths == 1000 and self._thousandths == 0
        if thousandths >= self._thousandths + 10 and not is_over_at_once:
            self._thousandths = thousandths
            self._note(PROGRESS, thousandths, self._encoder.progress(thousandths))

    def _note(self, kind: int, value: int, data: bytes) -> None:
        self._lengths.append(encode_length(kind, value))
        self._emit(data)

    def _merge_tool_calls(self, pieces: list[dict[str, Any]]) -> None:
        """Add streamed pieces: the first of an index has id and name, later ones lengthen the arguments."""
        for position, piece in enumerate(pieces):
            call = self._tool_calls.setdefault(piece.get("index", position), {"type": "function"})
            function = call.setdefault("function", {"name": "", "arguments": ""})
            if piece.get("id"):
                call["id"] = piece["id"]
            said = piece.get("function") or {}
            function["name"] += said.get("name") or ""
            function["arguments"] += said.get("arguments") or ""
