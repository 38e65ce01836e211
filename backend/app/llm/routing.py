"""Where a model name leads: an alias becomes an ordered list of targets, by a pure compiler."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

from app.llm.money import Price
from app.llm.needs import TellNeeds
from app.llm.ports import Provider
from app.llm.types import Caller

_PRIORITIES = 1001  # 0 to 1000


@dataclass(frozen=True, slots=True)
class Target:
    """One model on one server.

    Args:
        name: unique name of the target, for admission, logs and ledgers; never an address.
        provider: the adapter to its server.
        model: what the server calls the model.
        alias: what users call it; sent back as `model`.
        context_window: tokens per request, where known.
        can_see: whether images can be sent to it.
        price: what its tokens cost; None where nobody set one.
        tier: those of the same one stand for each other: when one is full another is asked.
    """

    name: str
    provider: Provider
    model: str
    alias: str
    context_window: int | None = None
    can_see: bool = False
    price: Price | None = None
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Weighed:
    """A target as the compiler sees it.

    Args:
        priority: all of a lower number come before those of a higher one.
        weight: its share among targets of the same priority; 0 takes it out of use.
        is_open: whether its breaker lets a request through.
        is_healthy: what the last health check found; True as long as nothing was found.
        is_fit: whether it has what the request needs: sight, and room for its prompt.
    """

    target: Target
    priority: int = 0
    weight: float = 1.0
    is_open: bool = True
    is_healthy: bool = True
    is_fit: bool = True


class Routes(Protocol):
    """Compiles a model name into candidates; never asks a server while doing so."""

    def candidates(
        self, model: str | None, caller: Caller, needs: TellNeeds | None = None
    ) -> Sequence[Target]:
        """Return targets, best first (None names the default model, or by what is needed another).

        `needs` is asked only when there is a choice. Raises UnknownModelError.
        """
        ...


def compile_order(
    weighed: Iterable[Weighed],
    *,
    affinity: str | None = None,
    draw: Callable[[], float] = random.random,
) -> list[Target]:
    """Return the targets in the order in which they are tried.

    First those that can answer, then the unhealthy, then those whose breaker is shut: they stay, for when nothing else is
    left. Among equals the order is drawn by weight (Efraimidis and Spirakis, 2006); with `affinity` the draw is a hash of
    it and the target's name, so that the same text goes to the same server (weighted rendezvous hashing).
    """

    def rank(entry: Weighed) -> tuple[int, float]:
        drawn = draw() if affinity is None else _hashed(affinity, entry.target.name)
        return _tier(entry), -math.log(max(drawn, 1e-300)) / entry.weight

    ordered = sorted((one for one in weighed if one.weight > 0), key=rank)
    if len(ordered) < 2:
        return [entry.target for entry in ordered]
    return [replace(entry.target, tier=_tier(entry)) for entry in ordered]


def spilled(candidates: Sequence[Target], is_full: Callable[[str], bool]) -> Sequence[Target]:
    """Return the candidates with those first, among the equals of the first, that have room for a request now."""
    if len(candidates) < 2 or not is_full(candidates[0].name):
        return candidates
    first = candidates[0].tier
    return sorted(candidates, key=lambda one: (one.tier, one.tier == first and is_full(one.name)))


def _tier(entry: Weighed) -> int:
    """Return in which group of equals a target is: whether it can answer at all, then its priority."""
    away = 0 if entry.is_open and entry.is_healthy else 1 if entry.is_open else 2
    return (away + (0 if entry.is_fit else 3)) * _PRIORITIES + entry.priority


def _hashed(affinity: str, name: str) -> float:
    """Return a number in (0, 1) that depends on both."""
    digest = blake2b(f"{affinity}\x00{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / 2**64
