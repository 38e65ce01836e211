"""Saves what running turns have so far, every few seconds in one transaction, and with it renews their leases."""

from __future__ import annotations

import asyncio
import logging

from app.llm.ports import SessionStore
from app.llm.running import RunningTurns

log = logging.getLogger(__name__)


async def keep_checkpoints(store: SessionStore, turns: RunningTurns, interval_seconds: float) -> None:
    """Run until cancelled; a store that is away is tried again at the next round."""
    is_failing = False
    while True:
        await asyncio.sleep(interval_seconds)
        partials = [
            (turn.record.turn_id, *turn.answer.texts()) for turn in turns.all() if not turn.is_finishing
        ]
        if not partials:
            continue
        try:
            async with asyncio.timeout(max(5.0, interval_seconds)):
                await store.checkpoint(partials)
            is_failing = False
        except Exception as error:
            if not is_failing:
                log.warning("partial answers could not be saved: %s", type(error).__name__)
            is_failing = True
