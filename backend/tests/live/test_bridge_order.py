"""Two bridges on one shared subscription and one game: only the newest state counts, and no old hint comes after a newer one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.fakes.upstream import Recorded, Reply
from tests.fixtures.games import Games, games
from tests.fixtures.mosquitto import Device

pytestmark = pytest.mark.live

_STATES, _PAUSE_SECONDS, _MODEL_SECONDS = 30, 0.05, 0.5
_LATE, _LATE_SECONDS = 20, 3.0
"""While one of the last ten is answered, all others arrive, on a slow machine too."""


@pytest.fixture
def place(tmp_path: Path, _sqlite_template: Path, redis_url: str) -> Iterator[Games]:
    with games(tmp_path, _sqlite_template) as made:
        made.model.respond = _hint
        for _ in range(2):
            made.add_portal(REDIS_URL=redis_url)
        yield made


def _hint(recorded: Recorded) -> Reply:
    tick = orjson.loads(recorded.body["messages"][-1]["content"])["tick"]
    seconds = _MODEL_SECONDS if tick < _LATE else _LATE_SECONDS
    return Reply(text=f'{{"hint": "{tick}"}}', first_delay_seconds=seconds)


def test_hints_come_in_the_order_of_their_states_and_the_last_state_has_one(place: Games) -> None:
    assert place.broker is not None
    key = place.key()
    with Device(place.broker.port, "maze/hint/s1") as device:
        for tick in range(_STATES):
            device.send("maze/state", {"token": key, "sessionId": "s1", "tick": tick})
            time.sleep(_PAUSE_SECONDS)
        ticks = []
        while not ticks or ticks[-1] != _STATES - 1:
            ticks.append(int(device.frame()["hint"]))
    assert ticks == sorted(set(ticks))
    assert len(place.model.requests) == len(ticks)
    assert len([tick for tick in ticks if tick >= _LATE]) <= 2, (
        "an old state was asked about after the last one came"
    )
