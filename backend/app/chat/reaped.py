"""Counts what a process delivered before it died: an estimate, as for every stream that was cut."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.chat.endings import INTERRUPTED
from app.chat.repository import MessageRepository
from app.chat.tables import MessageRow, TurnRow
from app.chat.turn_repository import TurnRepository
from app.devices.repository import DeviceRepository
from app.llm.accounting import Spent
from app.llm.money import Price
from app.llm.prompt_size import BYTES_PER_TOKEN
from app.llm.types import Caller, Usage
from app.usage.entries import Entry, days_of, first_id, rows_of
from app.usage.repository import UsageRepository


async def count_reaped(
    db: AsyncSession, turn: TurnRow, answer: MessageRow | None, price: Price | None, now: datetime
) -> None:
    """Write the turn's usage, in the transaction that ends it: so it is counted once, whoever reaps it."""
    text = "" if answer is None else answer.content + (answer.reasoning or "")
    usage = Usage()
    if text:
        usage = Usage(await _prompt_tokens(db, turn), max(1, _tokens(text)))
    spent = Spent(
        caller=Caller(turn.user_id, key_id=turn.key_id),
        door=turn.door,
        operation="chat",
        status="failed",
        asked_model=turn.model,
        model=turn.model,
        price=price,
        usage=usage,
        is_estimated=bool(text),
        error_code=INTERRUPTED,
        total_ms=round((now - turn.created_at).total_seconds() * 1000, 1),
        request_id=turn.request_id,
    )
    devices = await DeviceRepository(db).clients_of({turn.key_id} if turn.key_id else set())
    entries = [Entry(spent, now)]
    await UsageRepository(db).add(rows_of(entries, turn.id, devices), days_of(entries, devices))


async def uncount(db: AsyncSession, turn_id: str) -> None:
    """Take back what `count_reaped` wrote: the process lived after all, and has counted the turn itself."""
    await UsageRepository(db).take_back(first_id(turn_id))


async def _prompt_tokens(db: AsyncSession, turn: TurnRow) -> int:
    """Estimate the prompt: what was counted of the session before, and the question."""
    question = await MessageRepository(db).find(turn.session_pk, turn.user_message_id)
    asked = (turn.system_prompt or "") + (question.content if question is not None else "")
    return await TurnRepository(db).last_prefix_tokens(turn.session_pk) + _tokens(asked)


def _tokens(text: str) -> int:
    return len(text.encode(errors="replace")) // BYTES_PER_TOKEN
