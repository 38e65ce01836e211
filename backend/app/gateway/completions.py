"""A session's turn in the format of chat completions: whole, and as chunks. Pure functions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.chat.llm_schemas import SessionChatRead
from app.llm.turns import TurnRecord

_FINISH = {"cancelled": "stop", "error": "stop", None: "stop"}


def completion(answer: SessionChatRead, created: datetime) -> dict[str, Any]:
    """Return the whole answer; `session_id` and `turn_id` lead back to the conversation."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.response}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    usage = answer.usage.model_dump() if answer.usage is not None else None
    return {
        "id": f"chatcmpl-{answer.turn_id}",
        "object": "chat.completion",
        "created": int(created.timestamp()),
        "model": answer.model,
        "choices": [
            {"index": 0, "message": message, "finish_reason": _finish(answer.finish_reason), "logprobs": None}
        ],
        "usage": usage,
        "session_id": answer.session_id,
        "turn_id": answer.turn_id,
    }


class ChunkEncoder:
    """Turns a turn's events into chunks."""

    def __init__(self, record: TurnRecord, model: str, created: datetime, *, is_usage_wanted: bool) -> None:
        self._head = {
            "id": f"chatcmpl-{record.turn_id}",
            "object": "chat.completion.chunk",
            "created": int(created.timestamp()),
            "model": model,
            "session_id": record.session_id,
            "turn_id": record.turn_id,
        }
        self._is_usage_wanted = is_usage_wanted

    def encode(self, data: bytes) -> bytes:
        """Return the server-sent events that one event becomes; nothing for those that chat completions lack."""
        event = orjson.loads(data)
        if "user_message_id" in event:
            return self._chunk({"role": "assistant", "content": ""})
        if "content" in event:
            return self._chunk({"content": event["content"]})
        if "reasoning" in event:
            return self._chunk({"reasoning_content": event["reasoning"]})
        if "error" in event:
            return _sse({"error": {**event["error"], "type": "server_error", "param": None}})
        return self._last(event) if event.get("done") else b""

    def _last(self, event: dict[str, Any]) -> bytes:
        if event.get("model"):
            self._head["model"] = event["model"]
        parts = [self._chunk({}, _finish(event.get("finish_reason")))]
        if self._is_usage_wanted:
            parts.append(_sse({**self._head, "choices": [], "usage": event.get("usage")}))
        return b"".join([*parts, b"data: [DONE]\n\n"])

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _sse({**self._head, "choices": [choice]})


def _finish(reason: str | None) -> str:
    return _FINISH.get(reason) or str(reason)


def _sse(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"
