"""The order of candidates: health before priority, weight by chance, the same server for the same text."""

from __future__ import annotations

import random
from collections import Counter
from typing import cast

from app.llm.ports import Provider
from app.llm.routing import Target, Weighed, compile_order

NOBODY = cast(Provider, None)


def entry(
    name: str, priority: int = 0, weight: float = 1, *, is_open: bool = True, is_healthy: bool = True
) -> Weighed:
    return Weighed(Target(name, NOBODY, "m", "a"), priority, weight, is_open, is_healthy)


def names(*weighed: Weighed, affinity: str | None = None) -> list[str]:
    return [target.name for target in compile_order(weighed, affinity=affinity)]


def test_priority_then_health_and_a_shut_breaker_last() -> None:
    found = names(
        entry("shut", 0, is_open=False),
        entry("ill", 0, is_healthy=False),
        entry("second", 1),
        entry("first", 0),
    )
    assert found == ["first", "second", "ill", "shut"]


def test_a_weight_of_nothing_takes_a_target_out_of_use() -> None:
    assert names(entry("one"), entry("drained", weight=0)) == ["one"]
    assert names(entry("drained", weight=0)) == []


def test_weights_are_shares() -> None:
    draw = random.Random(7).random
    firsts = Counter(
        compile_order([entry("a", weight=3), entry("b", weight=1)], draw=draw)[0].name for _ in range(4000)
    )
    assert 0.72 < firsts["a"] / 4000 < 0.78


def test_the_same_text_goes_to_the_same_server_and_spreads_by_weight() -> None:
    servers = [entry("a", weight=2), entry("b"), entry("c")]
    first = {text: names(*servers, affinity=text) for text in map(str, range(2000))}
    assert all(names(*reversed(servers), affinity=text) == order for text, order in first.items())
    counts = Counter(order[0] for order in first.values())
    assert 0.45 < counts["a"] / 2000 < 0.55
    # who loses a server goes on to the next of its own order; the others stay where they are
    for text, order in first.items():
        without_c = names(*servers[:2], affinity=text)
        assert without_c == [name for name in order if name != "c"]
