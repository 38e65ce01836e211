"""How a turn's rows change when it begins on its branch and when it ends; used by the store and the reaper."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.excerpts import fold
from app.chat.tables import SessionRow, TurnRow
from app.chat.turn_repository import TurnRepository
from app.llm.turns import TurnOutcome

INTERRUPTED = "interrupted"
_MESSAGE_STATUS = {"done": "complete", "cancelled": "stopped", "failed": "failed"}


async def attach(db: AsyncSession, turn: TurnRow, session: SessionRow) -> None:
    """Hang an unattached question under the active leaf, and make its answer the new leaf; once a turn."""
    if is_on_branch(turn, session):
        return
    if not turn.is_attached:
        await TurnRepository(db).update_message(turn.user_message_id, parent_id=session.active_leaf_id)
        turn.is_attached = True
    session.active_leaf_id = turn.assistant_message_id
    await db.flush()


def is_on_branch(turn: TurnRow, session: SessionRow) -> bool:
    """Whether `attach` was done for this turn."""
    return turn.started_at is not None or session.active_leaf_id == turn.assistant_message_id


async def store_answer(db: AsyncSession, turn: TurnRow, outcome: TurnOutcome) -> None:
    turns, content = TurnRepository(db), storable(outcome.content)
    await turns.update_message(
        turn.assistant_message_id,
        content=content,
        search_text=fold(content),
        reasoning=storable(outcome.reasoning) or None,
        tool_calls=outcome.tool_calls,
        status=_MESSAGE_STATUS[outcome.status],
        model=outcome.model,
        tokens=outcome.assistant_tokens,
    )
    if outcome.user_tokens is not None:
        await turns.update_message(turn.user_message_id, tokens=outcome.user_tokens)


async def store_outcome(db: AsyncSession, turn: TurnRow, outcome: TurnOutcome, now: datetime) -> None:
    await TurnRepository(db).update(
        turn.id,
        status=outcome.status,
        model=outcome.model or turn.model,
        usage=outcome.usage.as_dict() if outcome.usage else None,
        timings=outcome.timings or None,
        ledger=dataclasses.asdict(outcome.ledger),
        finish_reason=outcome.finish_reason,
        error_code=outcome.error_code,
        error_message=outcome.error_message,
        error_details=outcome.error_details,
        event_lengths=outcome.event_lengths,
        prefix_tokens=outcome.prefix_tokens,
        prefix_key=outcome.prefix_key,
        anchor_message_id=outcome.anchor_message_id,
        finished_at=now,
        lease_until=None,
    )


def storable(text: str) -> str:
    """Replace what PostgreSQL cannot store (NUL), keeping every length."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text
