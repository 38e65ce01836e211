"""A turn's events as the exact JSON that readers get, and the integers that they are stored as."""

from __future__ import annotations

from typing import Any, Final

import orjson

from app.llm.turns import TurnOutcome, TurnRecord

CONTENT: Final = 0
REASONING: Final = 1
QUEUED: Final = 2
PROGRESS: Final = 3


def encode_length(kind: int, value: int) -> int:
    """Pack an event: the kind in the low two bits, above them characters, queue place or thousandths."""
    return value << 2 | kind


def is_text(length: int) -> bool:
    """Tell whether a packed event is a piece of the answer or of the thinking before it."""
    return length & 3 <= REASONING


class EventEncoder:
    """Builds the data of each kind of event; with a session, content and reasoning carry its ids."""

    def __init__(self, record: TurnRecord | None = None) -> None:
        self._record = record
        self._suffix = b"}"
        if record is not None:
            ids = orjson.dumps({"session_id": record.session_id, "turn_id": record.turn_id})
            self._suffix = b"," + ids[1:]

    def start(self) -> bytes:
        """The first event of a session's turn."""
        assert self._record is not None
        record = self._record
        return orjson.dumps(
            {
                "session_id": record.session_id,
                "turn_id": record.turn_id,
                "user_message_id": record.user_message_id,
                "assistant_message_id": record.assistant_message_id,
            }
        )

    def queued(self, place: int) -> bytes:
        return b'{"queued":%d}' % place

    def progress(self, thousandths: int) -> bytes:
        return orjson.dumps({"progress": thousandths / 1000})

    def content(self, text: str) -> bytes:
        return b'{"content":' + orjson.dumps(text) + self._suffix

    def reasoning(self, text: str) -> bytes:
        return b'{"reasoning":' + orjson.dumps(text) + self._suffix

    def done(self, outcome: TurnOutcome) -> bytes:
        """The terminal event of an answer that ended well or was stopped."""
        data: dict[str, Any] = {
            "done": True,
            "usage": outcome.usage.as_dict() if outcome.usage is not None else None,
            "model": outcome.model,
            "finish_reason": outcome.finish_reason,
            "timings": outcome.timings,
        }
        if outcome.tool_calls:
            data["tool_calls"] = outcome.tool_calls
        return orjson.dumps(data)

    def failed(self, code: str, message: str, request_id: str) -> bytes:
        """The terminal event of a failure."""
        return orjson.dumps({"error": {"code": code, "message": message, "request_id": request_id}})

    def terminal(self, outcome: TurnOutcome, request_id: str) -> bytes:
        """The terminal event that fits the outcome."""
        if outcome.status == "failed":
            return self.failed(
                outcome.error_code or "internal_error", outcome.error_message or "", request_id
            )
        return self.done(outcome)
