"""Circuit breakers: when they open, who probes, and what counts as the server's fault."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.llm.breaker import Breaker, BreakerLimits
from app.llm.errors import (
    LLMError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderUnreachableError,
)
from app.llm.providers.guarded import GuardedProvider

LIMITS = BreakerLimits(failures=3, least_calls=10, window_seconds=60, open_seconds=5, longest_open_seconds=15)


class HandClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def broken(clock: HandClock, told: list[float] | None = None) -> Breaker:
    breaker = Breaker(clock, LIMITS, (told if told is not None else []).append)
    for _ in range(3):
        assert breaker.enter()
        breaker.fail()
    return breaker


def test_it_opens_on_failures_in_a_row_and_a_success_between_forgives(clock: HandClock) -> None:
    breaker = Breaker(clock, LIMITS)
    for end in (breaker.fail, breaker.fail, breaker.succeed, breaker.fail, breaker.fail):
        end()
    assert breaker.state == "closed"
    breaker.fail()
    assert (breaker.state, breaker.enter()) == ("open", False)


def test_it_opens_on_the_error_rate_of_its_window(clock: HandClock) -> None:
    breaker = Breaker(clock, LIMITS)
    for _ in range(4):
        breaker.fail()
        breaker.succeed()
    clock.seconds += 61  # those are forgotten
    for _ in range(4):
        breaker.succeed()
        breaker.fail()
    breaker.succeed()
    assert breaker.state == "closed"
    breaker.fail()  # 5 of 10
    assert breaker.state == "open"


def test_one_request_probes_and_pauses_grow_until_it_is_answered(clock: HandClock) -> None:
    told: list[float] = []
    breaker = broken(clock, told)
    for pause in (5, 10, 15, 15):
        clock.seconds += pause - 0.1
        assert not breaker.allows()
        clock.seconds += 0.1
        assert breaker.state == "half_open"
        assert [breaker.enter(), breaker.enter()] == [True, False]
        breaker.fail()
    assert told == [5, 10, 15, 15, 15]
    clock.seconds += 15
    assert breaker.enter()
    breaker.succeed()
    assert (breaker.state, breaker.enter(), breaker.enter()) == ("closed", True, True)


def test_a_probe_whose_caller_left_gives_the_place_to_the_next(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.seconds += 5
    assert breaker.enter() and not breaker.enter()
    breaker.leave()
    assert breaker.state == "half_open" and breaker.enter()


def test_what_another_replica_found_holds_here_and_is_not_told_again(clock: HandClock) -> None:
    told: list[float] = []
    breaker = Breaker(clock, LIMITS, told.append)
    breaker.hear_open(8)
    clock.seconds += 7.9
    assert not breaker.enter()
    clock.seconds += 0.1
    assert breaker.enter() and told == []
    breaker.hear_open(1e9)  # a wrong clock elsewhere shuts nothing for long
    assert breaker.wait_seconds == 15


class Scripted:
    """A provider whose relay ends as it is told."""

    name = "scripted"

    def __init__(self) -> None:
        self.error: LLMError | None = None
        self.calls = 0

    async def relay(
        self, path: str, body: dict[str, Any], *, is_stream: bool, headers: object = None
    ) -> AsyncGenerator[bytes]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        yield b"one"
        yield b"two"


async def relay(guarded: GuardedProvider) -> list[bytes]:
    return [piece async for piece in guarded.relay("/v1/x", {}, is_stream=False)]


async def test_a_broken_server_is_asked_no_more(clock: HandClock) -> None:
    provider = Scripted()
    guarded = GuardedProvider(provider, Breaker(clock, LIMITS))  # type: ignore[arg-type]
    provider.error = ProviderUnreachableError("away", is_retryable=True)
    for _ in range(5):
        with pytest.raises(ProviderUnreachableError):
            await relay(guarded)
    assert (provider.calls, guarded.in_use) == (3, 0)
    clock.seconds += 5
    provider.error = None
    assert await relay(guarded) == [b"one", b"two"]
    assert guarded.breaker.state == "closed"


@pytest.mark.parametrize(
    "error",
    [ProviderRejectedError("no", status=400), ProviderRateLimitError("busy", status=429, is_retryable=True)],
)
async def test_a_callers_mistake_and_a_busy_server_open_nothing(clock: HandClock, error: LLMError) -> None:
    provider = Scripted()
    provider.error = error
    guarded = GuardedProvider(provider, Breaker(clock, LIMITS))  # type: ignore[arg-type]
    for _ in range(10):
        with pytest.raises(type(error)):
            await relay(guarded)
    assert (provider.calls, guarded.breaker.state) == (10, "closed")


async def test_who_leaves_early_counts_for_nothing(clock: HandClock) -> None:
    guarded = GuardedProvider(Scripted(), Breaker(clock, LIMITS))  # type: ignore[arg-type]
    pieces = guarded.relay("/v1/x", {}, is_stream=True)
    assert await anext(pieces) == b"one"
    assert guarded.in_use == 1
    await pieces.aclose()
    assert (guarded.in_use, guarded.breaker.state) == (0, "closed")
