"""What open pages are told about changed sessions."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import orjson

from app.chat.session_watch import ENDED_TURNS, SessionWatch
from app.coord.base import CoordUnavailableError
from app.coord.local_signals import LocalSignals


class BrokenSignals(LocalSignals):
    async def publish(self, topic: str, payload: bytes) -> None:
        raise CoordUnavailableError


async def test_changes_that_come_together_are_told_together_and_only_to_their_owner() -> None:
    watch = SessionWatch(LocalSignals(), gather_seconds=0.02)
    async with aclosing(watch.follow(1)) as events, asyncio.timeout(5):
        assert [orjson.loads((await anext(events))[1])] == [{"session_ids": []}]
        watch.announce(2, "of another")
        for name in ("b", "a", "b"):
            watch.announce(1, name)
        number, data = await anext(events)
        assert (number, orjson.loads(data)) == (2, {"session_ids": ["a", "b"]})
        watch.announce(1, "a")
        watch.announce(1, None)
        number, data = await anext(events)
        assert (number, orjson.loads(data)) == (3, {"session_ids": None})


async def test_a_stream_ends_after_its_life_and_when_the_portal_stops() -> None:
    short = SessionWatch(LocalSignals(), life_seconds=0.01)
    async with asyncio.timeout(5):
        assert len([event async for event in short.follow(1)]) == 1
    watch = SessionWatch(LocalSignals())
    async with aclosing(watch.follow(1)) as events, asyncio.timeout(5):
        await anext(events)
        watch.close()
        assert [event async for event in events] == []


async def test_a_signal_that_cannot_be_sent_is_lost_without_a_word_to_the_caller() -> None:
    watch = SessionWatch(BrokenSignals())
    watch.announce(1, "a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert watch._sending == set()


async def test_the_ends_of_turns_are_told_for_all_doors_but_mqtt_which_heard_them_itself() -> None:
    signals = LocalSignals()
    watch = SessionWatch(signals)
    async with signals.listen(ENDED_TURNS) as messages, asyncio.timeout(5):
        watch.announce_end(1, "s", "t1", "mqtt")
        watch.announce_end(1, "s", "t2", "rest")
        assert orjson.loads(await anext(messages)) == {
            "user_id": 1,
            "session_id": "s",
            "turn_id": "t2",
            "door": "rest",
        }
