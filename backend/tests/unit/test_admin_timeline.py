"""Charts by group: the busiest groups and the rest, each request in its step, made once for all who watch."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from app.admin.schemas import TimelineGroup, TimelineRead
from app.admin.stats import Figures
from app.admin.timeline import MAX_GROUPS, STEPS, timeline
from app.admin.timelines import FRESH_SECONDS, Timelines
from tests.api.auth_portal import ManualClock

NOW = datetime(2026, 11, 21, 12, 0, 7, tzinfo=UTC)


def _request(door: str, ago_seconds: float, status: str = "done", ttft_ms: float | None = None) -> Figures:
    ended_at = NOW - timedelta(seconds=ago_seconds)
    return Figures(
        door, "m", status, None, 10, 5, 0, 2_000_000_000, ttft_ms, None, ended_at, None, door == "v1"
    )


def test_each_request_is_in_its_step_and_group() -> None:
    requests = [
        _request("page", 0, ttft_ms=30.0),
        _request("page", 1, "failed"),
        _request("page", 14 * 60),
        _request("v1", 20),
        _request("page", 16 * 60),
    ]
    read = timeline(requests, "door", 15, NOW)
    assert read.times[-1] == int(NOW.timestamp()) // 15 * 15
    assert len(read.times) == STEPS
    page, v1 = read.series
    assert (page.key, page.turns[-1], page.errors[-1], sum(page.turns)) == ("page", 2, 1, 3)
    assert (page.ttft_ms_p50[-1], page.ttft_ms_p50[0], page.cost[-1], page.tokens[-1]) == (
        30.0,
        None,
        4.0,
        10,
    )
    assert (sum(v1.turns), sum(v1.cache_hits), v1.turns[-1]) == (1, 1, 0)


def test_the_busiest_are_shown_and_the_rest_together() -> None:
    requests = [_request(f"door {number}", 1) for number in range(20) for _ in range(number + 1)]
    read = timeline(requests, "door", 60, NOW)
    assert [one.key for one in read.series[:2]] == ["door 19", "door 18"]
    assert len(read.series) == MAX_GROUPS + 1
    assert read.series[-1].is_rest
    assert sum(sum(one.turns) for one in read.series) == len(requests)
    assert timeline([], "user", 15, NOW).series == []


async def test_a_hundred_who_watch_cost_one_look() -> None:
    looks = 0
    clock = ManualClock()

    async def make(minutes: int, by: TimelineGroup) -> TimelineRead:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)
        return timeline([], by, minutes, NOW)

    timelines = Timelines(make, clock)
    await asyncio.gather(*(timelines.read(15, "door") for _ in range(100)))
    assert looks == 1
    await timelines.read(15, "model")
    assert looks == 2
    clock.advance(seconds=FRESH_SECONDS)
    await timelines.read(15, "door")
    assert looks == 3
