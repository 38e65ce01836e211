"""What a bridge does every few seconds, without a database or a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from app.bridge.inbox import TAKEN_AT_ONCE
from app.bridge.status import BridgeStatus
from app.bridge.tending import ENOUGH, Tending
from tests.api.auth_portal import ManualClock


class FakeInbox:
    def __init__(self, left: int = 0) -> None:
        self.renewed = 0
        self.has_gone_on = asyncio.Event()
        self.left = left
        self.with_own_past: list[bool] = []

    async def renew(self, request_ids: Sequence[str]) -> None:
        self.renewed += 1
        if self.renewed > 2:
            self.has_gone_on.set()

    async def take_up(self, *, with_own_past: bool) -> list[Any]:
        taken = min(self.left, TAKEN_AT_ONCE)
        self.left -= taken
        self.with_own_past.append(with_own_past)
        return [SimpleNamespace(**_ROW) for _ in range(taken)]

    async def forget_old(self) -> None:
        return None


_ROW = {"id": "r", "user_id": 1, "client": "c", "request": "r", "created_at": ManualClock().now()}
_ROW |= {"answer": {}, "reply": {"topic": "t", "form": "text", "correlation": None}}


class FakeDesk:
    def __init__(self) -> None:
        self.begun: list[Any] = []

    def works(self) -> list[Any]:
        return self.begun

    async def begin(self, work: Any) -> None:
        self.begun.append(work)


async def _nothing() -> None:
    return None


def _tending(inbox: FakeInbox, desk: Any, look: Callable[[], Awaitable[None]] = _nothing) -> Tending:
    connections, adoption = SimpleNamespace(end_expired=_nothing), SimpleNamespace(look=look)
    parts: list[Any] = [inbox, desk, None, connections, adoption]
    return Tending(*parts, BridgeStatus(), ManualClock())


async def test_all_that_a_bridge_left_is_taken_up_at_once_as_far_as_there_is_room() -> None:
    inbox, desk = FakeInbox(left=2 * TAKEN_AT_ONCE + 7), FakeDesk()
    await _tending(inbox, desk).tend()
    assert (len(desk.begun), inbox.left) == (2 * TAKEN_AT_ONCE + 7, 0)
    assert inbox.with_own_past == [True] * 3

    inbox, desk = FakeInbox(left=10_000), FakeDesk()
    tending = _tending(inbox, desk)
    await tending.tend()
    assert ENOUGH <= len(desk.begun) < ENOUGH + TAKEN_AT_ONCE
    desk.begun.clear()
    await tending.tend()
    assert len(desk.begun) >= ENOUGH
    assert set(inbox.with_own_past) == {True}, "its own past needs no waiting for leases, until it is over"
    inbox.left = 0
    desk.begun.clear()
    await tending.tend()
    await tending.tend()
    assert inbox.with_own_past[-1] is False


async def test_leases_are_kept_while_messages_are_fetched_for_a_bridge_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.bridge.tending.TEND_SECONDS", 0)
    inbox, fetching = FakeInbox(), asyncio.Event()

    async def look() -> None:
        fetching.set()
        await asyncio.Event().wait()  # the broker has much for it, and the database is slow

    desk = FakeDesk()
    desk.begun = [SimpleNamespace(row=SimpleNamespace(id="r1", created_at=ManualClock().now()))]
    tending = asyncio.create_task(_tending(inbox, desk, look).run())
    try:
        async with asyncio.timeout(5):
            await fetching.wait()
            inbox.renewed = 0
            await inbox.has_gone_on.wait()
    finally:
        tending.cancel()
        await asyncio.gather(tending, return_exceptions=True)
