"""What a bridge does every few seconds, without a database or a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from app.bridge.status import BridgeStatus
from app.bridge.tending import Tending
from tests.api.auth_portal import ManualClock


class FakeInbox:
    def __init__(self) -> None:
        self.renewed = 0
        self.has_gone_on = asyncio.Event()

    async def renew(self, request_ids: Sequence[str]) -> None:
        assert request_ids == ["r1"]
        self.renewed += 1
        if self.renewed > 2:
            self.has_gone_on.set()

    async def take_up(self, *, with_own_past: bool) -> list[Any]:
        return []


async def test_leases_are_kept_while_messages_are_fetched_for_a_bridge_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.bridge.tending.TEND_SECONDS", 0)
    clock, inbox, fetching = ManualClock(), FakeInbox(), asyncio.Event()

    async def look() -> None:
        fetching.set()
        await asyncio.Event().wait()  # the broker has much for it, and the database is slow

    async def end_expired() -> None:
        return None

    work = SimpleNamespace(row=SimpleNamespace(id="r1", created_at=clock.now()))
    parts: list[Any] = [
        inbox,
        SimpleNamespace(works=lambda: [work]),
        None,
        SimpleNamespace(end_expired=end_expired),
        SimpleNamespace(look=look),
    ]
    tending = asyncio.create_task(Tending(*parts, BridgeStatus(), clock).run())
    try:
        async with asyncio.timeout(5):
            await fetching.wait()
            inbox.renewed = 0
            await inbox.has_gone_on.wait()
    finally:
        tending.cancel()
        await asyncio.gather(tending, return_exceptions=True)
