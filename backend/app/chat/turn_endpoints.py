"""/api/llm/turns: read, follow, stop and explain a turn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from app.chat.deps import Chatter, Turns
from app.chat.schemas import CancelRead, LedgerRead, TurnRead
from app.chat.stream import EventStream

router = APIRouter(prefix="/api/llm/turns", tags=["turns"])

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "No turn of that id is yours."}}


@router.get("/{turn_id}", summary="Read a turn", responses=_ABSENT)
async def read_turn(caller: Chatter, turns: Turns, turn_id: str) -> TurnRead:
    return await turns.read(caller.user.id, turn_id)


@router.get(
    "/{turn_id}/events",
    summary="Follow a turn's events, from the first or after a number",
    description="The same events as the first stream had, exactly those after `Last-Event-ID` (or `after`), until the end.",
    response_class=EventStream,
    responses={**_ABSENT, 200: {"content": {"text/event-stream": {}}, "description": "Numbered events."}},
)
async def turn_events(
    caller: Chatter,
    turns: Turns,
    turn_id: str,
    after: Annotated[int, Query(ge=0, le=2**31)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**31)] = None,
) -> EventStream:
    number = after if last_event_id is None else last_event_id
    return EventStream(await turns.events(caller.user.id, turn_id, number))


@router.post("/{turn_id}/cancel", summary="Stop a turn; what came so far is kept", responses=_ABSENT)
async def cancel_turn(caller: Chatter, turns: Turns, turn_id: str) -> CancelRead:
    return await turns.cancel(caller.user.id, turn_id)


@router.get("/{turn_id}/ledger", summary="See what a turn sent to the model, and why", responses=_ABSENT)
async def turn_ledger(caller: Chatter, turns: Turns, turn_id: str) -> LedgerRead:
    return await turns.ledger(caller.user.id, turn_id)
