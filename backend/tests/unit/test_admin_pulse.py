"""The pulse counts what happened here and on every other replica, and says who has gone silent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from app.admin.pulse import POINTS_KEPT, Pulse
from app.admin.step import STEP_SECONDS, bucket_of, quantile
from app.coord.local_signals import LocalSignals
from app.llm.accounting import Spent
from app.llm.money import Price
from app.llm.types import Caller, Usage


class _Clock:
    def __init__(self, skew_seconds: float = 0.0) -> None:
        self.seconds = 0.0
        self._skew_seconds = skew_seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.seconds + self._skew_seconds)

    def monotonic(self) -> float:
        return self.seconds


def _pulse(clock: _Clock, name: str = "here") -> Pulse:
    return Pulse(lambda: (3, 2), clock, LocalSignals(), name, "1.2")


def _ask(status: str = "done", **more: object) -> Spent:
    usage = Usage(prompt_tokens=100, completion_tokens=40, cached_tokens=75)
    return Spent(Caller(1), "v1", "chat", status, usage=usage, **more)  # type: ignore[arg-type]


def _beat(clock: _Clock, *pulses: Pulse) -> None:
    """End a step everywhere, and let everybody hear of it."""
    clock.seconds += STEP_SECONDS
    for pulse in pulses:
        word = _word(pulse)
        for other in pulses:
            other.hear(word)


def _word(pulse: Pulse) -> bytes:
    word = {"replica": pulse._replica, "newest": pulse.beat().plain()}
    return orjson.dumps(word, option=orjson.OPT_NON_STR_KEYS)


def test_it_counts_rates_percentiles_money_and_both_caches() -> None:
    clock = _Clock()
    pulse = _pulse(clock)
    for status in (200, 200, 429, 503):
        pulse.count_request(status)
    for first in (10.0, 20.0, 300.0):
        pulse.count_spent(_ask(ttft_ms=first, price=Price(input=1_000_000, output=0)))
    pulse.count_spent(_ask(is_cache_hit=True))
    pulse.count_spent(Spent(Caller(1), "page", "chat", "failed"))
    _beat(clock, pulse)
    assert pulse.newest is None, "others may still have something to say of this moment"
    clock.seconds += 1
    [point] = pulse.points
    assert (point.requests_per_second, point.turns_per_second, point.tokens_per_second) == (2.0, 2.5, 80.0)
    assert (point.failures, point.refusals, point.cached_share, point.hit_share) == (2, 1, 0.75, 0.2)
    assert point.ttft_ms_p50 == pytest.approx(20, rel=0.05)
    assert point.ttft_ms_p95 == pytest.approx(300, rel=0.05)
    assert point.cost_per_minute > 0
    assert (point.active, point.queued, point.replicas) == (3, 2, 1)


def test_silence_is_zero_and_old_points_go() -> None:
    clock = _Clock()
    pulse = _pulse(clock)
    for _ in range(POINTS_KEPT + 50):
        _beat(clock, pulse)
    newest = pulse.points[-1]
    assert (newest.requests_per_second, newest.ttft_ms_p50, newest.cached_share) == (0.0, None, None)
    assert pulse.newest == newest
    assert len(pulse.points) == POINTS_KEPT


def test_replicas_are_one_pulse_whoever_is_asked_and_whatever_their_clocks_say() -> None:
    clock, late = _Clock(), _Clock(skew_seconds=3600)
    here, there = _pulse(clock), _pulse(late, "there")
    for _ in range(3):
        here.count_request(200)
        there.count_request(500)
        there.count_spent(_ask(ttft_ms=50.0))
    clock.seconds = late.seconds = STEP_SECONDS
    words = [_word(pulse) for pulse in (here, there)]
    for pulse in (here, there):
        for word in words:
            pulse.hear(word)
    clock.seconds = late.seconds = STEP_SECONDS + 1
    ours, theirs = here.points[0], there.points[0]
    assert ours.model_copy(update={"at": 0}) == theirs.model_copy(update={"at": 0})
    assert (ours.replicas, ours.requests_per_second, ours.failures, ours.active) == (2, 3.0, 3, 6)
    assert [one.replica for one in here.replicas()] == ["here", "there"]
    assert [one.is_this for one in there.replicas()] == [False, True]


def test_a_newcomer_is_told_what_was_and_hears_nothing_twice() -> None:
    clock = _Clock()
    old = _pulse(clock)
    old.count_request(200)
    _beat(clock, old)
    _beat(clock, old)
    young = _pulse(clock, "young")
    assert old.hear(orjson.dumps({"replica": "young", "hello": True}))
    past = {"replica": "here", "past": old._own_past()}
    for _ in range(2):  # it was told to somebody else as well
        young.hear(orjson.dumps(past, option=orjson.OPT_NON_STR_KEYS))
    clock.seconds += 1
    assert young.points == old.points
    assert young.replicas() == [], "who only told of the past may be gone"


def test_who_goes_silent_is_named_until_another_takes_the_place_or_leaves_on_purpose() -> None:
    clock = _Clock()
    here, killed, leaving = _pulse(clock), _pulse(clock, "killed"), _pulse(clock, "leaving")
    _beat(clock, here, killed, leaving)
    here.hear(orjson.dumps({"replica": "leaving", "bye": True}))
    for _ in range(3):
        _beat(clock, here)
    states = {one.replica: one.silent_seconds for one in here.replicas()}
    assert states == {"here": None, "killed": 6}
    _beat(clock, here, _pulse(clock, "new"))
    assert [one.replica for one in here.replicas()] == ["here", "new"]


@pytest.mark.parametrize("word", [b"", b"[]", b"{}", b'{"replica": 1, "newest": {"requests": "x"}}', b'"x"'])
def test_a_word_that_nobody_understands_changes_nothing(word: bytes) -> None:
    clock = _Clock()
    pulse = _pulse(clock)
    assert not pulse.hear(word)
    assert pulse.replicas() == []


def test_percentiles_of_buckets_are_within_a_twentieth() -> None:
    for value in (1.0, 7.3, 99.9, 1234.5, 299_000.0):
        assert quantile(Counter([bucket_of(value)]), 50) == pytest.approx(value, rel=0.05)
    assert quantile(Counter(), 50) is None
    times = Counter(bucket_of(float(value)) for value in range(1, 1001))
    assert quantile(times, 95) == pytest.approx(950, rel=0.05)
