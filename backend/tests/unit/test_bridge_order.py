"""The order of one session's work: questions one after another, of states only the newest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from app.bridge.order import SessionOrder

_BEGAN = datetime(2026, 11, 21, tzinfo=UTC)


class Work:
    """Runs items only when it is let, and notes them."""

    def __init__(self, max_waiting: int = 2) -> None:
        self.ran: list[str] = []
        self._gate = asyncio.Event()
        self.order: SessionOrder[tuple[str, int]] = SessionOrder(
            self._run, lambda item: _BEGAN + timedelta(seconds=item[1]), max_waiting=max_waiting
        )

    async def _run(self, item: tuple[str, int]) -> None:
        await self._gate.wait()
        self.ran.append(item[0])

    async def finish(self, count: int) -> list[str]:
        self._gate.set()
        async with asyncio.timeout(5):
            while len(self.ran) < count:  # noqa: ASYNC110  # nothing tells it
                await asyncio.sleep(0)
        await self.order.close()
        return self.ran


async def test_of_the_states_that_wait_only_the_newest_runs_whatever_comes_last() -> None:
    work = Work()
    assert work.order.put_newest("s", ("running", 0)) is None
    assert work.order.put_newest("s", ("second", 1)) is None
    assert work.order.put_newest("s", ("newest", 3)) == ("second", 1)
    fetched = ("fetched for a bridge that is gone", 2)
    assert work.order.put_newest("s", fetched) == fetched
    assert await work.finish(2) == ["running", "newest"]


async def test_questions_keep_their_order_and_too_many_are_turned_away() -> None:
    work = Work(max_waiting=2)
    taken = [work.order.put("s", (name, 0)) for name in "abcd"]
    assert taken == [True, True, True, False]
    assert work.order.put("other", ("x", 0))
    assert sorted(await work.finish(4)) == ["a", "b", "c", "x"]
    assert [name for name in work.ran if name != "x"] == ["a", "b", "c"]
