"""The outcome of a turn, added up from its events: for turns that another replica runs or that have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from app.llm.errors import LLMError
from app.llm.ports import LogEvent
from app.llm.turns import TurnOutcome, TurnRecord, TurnResult
from app.llm.types import Usage


async def fold_events(
    turn_id: str, events: AsyncIterator[LogEvent], record: TurnRecord | None = None
) -> TurnResult:
    """Read a turn's events to the terminal one and return its result; the record is built from the first event."""
    content: list[str] = []
    reasoning: list[str] = []
    last: dict[str, Any] = {}
    async for event in events:
        last = orjson.loads(event.data)
        if "content" in last:
            content.append(last["content"])
        elif "reasoning" in last:
            reasoning.append(last["reasoning"])
        elif "user_message_id" in last and record is None:
            record = _record(last)
    outcome = TurnOutcome("failed", content="".join(content), reasoning="".join(reasoning))
    error = _end(outcome, last)
    return TurnResult(record or TurnRecord(turn_id, "", "", "", "", outcome.status), outcome, error)


def _record(first: dict[str, Any]) -> TurnRecord:
    return TurnRecord(
        turn_id=first["turn_id"],
        session_pk="",
        session_id=first["session_id"],
        user_message_id=first["user_message_id"],
        assistant_message_id=first["assistant_message_id"],
        status="streaming",
        is_replay=True,
    )


def _end(outcome: TurnOutcome, last: dict[str, Any]) -> LLMError | None:
    """Write the terminal event into the outcome; return the failure it tells of."""
    if last.get("done"):
        outcome.finish_reason = last.get("finish_reason")
        outcome.status = "cancelled" if outcome.finish_reason == "cancelled" else "done"
        outcome.model = last.get("model")
        outcome.timings = last.get("timings") or {}
        outcome.tool_calls = last.get("tool_calls")
        outcome.usage = _usage(last.get("usage"))
        return None
    said = last.get("error") or {}
    outcome.error_code = said.get("code", "interrupted")
    outcome.error_message = said.get("message", "The turn's events end without a conclusion.")
    error = LLMError(str(outcome.error_message))
    error.code = str(outcome.error_code)
    return error


def _usage(usage: dict[str, int] | None) -> Usage | None:
    if usage is None:
        return None
    return Usage(
        usage["prompt_tokens"], usage["completion_tokens"], usage["cached_tokens"], usage["reasoning_tokens"]
    )
