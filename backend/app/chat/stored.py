"""Stored rows as the engine's data: a turn's record, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from app.chat.tables import MessageRow, SessionRow, TurnRow
from app.llm.turns import Ledger, TurnOutcome, TurnRecord
from app.llm.types import Usage


@dataclass(frozen=True, slots=True)
class Begun:
    """A session so far: how long the prompt and the answer of its last turn were (0: nobody has counted), and its settings."""

    prefix_tokens: int = 0
    model: str | None = None
    system_prompt: str | None = None


def record_of(turn: TurnRow, session: SessionRow, *, is_replay: bool = False) -> TurnRecord:
    return TurnRecord(
        turn_id=turn.id,
        session_pk=session.id,
        session_id=session.public_id,
        user_message_id=turn.user_message_id,
        assistant_message_id=turn.assistant_message_id,
        status=turn.status,  # type: ignore[arg-type]
        is_replay=is_replay,
    )


def outcome_of(turn: TurnRow, answer: MessageRow | None) -> TurnOutcome:
    """Rebuild the outcome of a turn that has ended."""
    return TurnOutcome(
        status=turn.status,  # type: ignore[arg-type]
        content=answer.content if answer else "",
        reasoning=(answer.reasoning if answer else None) or "",
        tool_calls=answer.tool_calls if answer else None,
        finish_reason=turn.finish_reason,
        model=turn.model,
        usage=_usage(turn),
        timings=turn.timings or {},
        ledger=Ledger(**(turn.ledger or {})),
        error_code=turn.error_code,
        error_message=turn.error_message,
        error_details=turn.error_details,
        anchor_message_id=turn.anchor_message_id,
        prefix_tokens=turn.prefix_tokens,
        prefix_key=turn.prefix_key,
        event_lengths=turn.event_lengths or [],
    )


def _usage(turn: TurnRow) -> Usage | None:
    if turn.usage is None:
        return None
    return Usage(**{name: value for name, value in turn.usage.items() if name != "total_tokens"})
