"""Two replicas show the same charts, in memory and over a real Redis alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from app.admin.pulse import Pulse
from app.coord.factory import create_coord
from app.kit.clock import SystemClock
from app.kit.ids import new_id

pytestmark = pytest.mark.live


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_each_replica_shows_what_both_did(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.admin.pulse.STEP_SECONDS", 1)
    url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    names = [new_id(), new_id()] if url else [new_id()] * 2
    coords = [create_coord(url, shared_name=name) for name in names]
    pulses = []
    for coord in coords:
        await coord.start()
        pulse = Pulse(lambda: (1, 0), SystemClock(), coord.signals, new_id())
        pulses.append(pulse)
        pulse.start()
    try:
        await until(lambda: [len(pulse.replicas()) for pulse in pulses] == [2, 2])  # each has heard the other
        for pulse in pulses:
            pulse.count_request(500)
        await until(lambda: all(_failures(pulse) == 2 for pulse in pulses))
        await pulses[0].close()
        await until(lambda: len(pulses[1].replicas()) == 1)
    finally:
        for pulse, coord in zip(pulses, coords, strict=True):
            await pulse.close()
            await coord.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the other replica's word comes when it comes
            await asyncio.sleep(0.05)


def _failures(pulse: Pulse) -> int:
    return sum(point.failures for point in pulse.points)
