"""Where a model name leads: an alias becomes an ordered list of targets. One target today; the seam is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.llm.ports import Provider
from app.llm.types import Caller


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
    """

    name: str
    provider: Provider
    model: str
    alias: str
    context_window: int | None = None
    can_see: bool = False


class Routes(Protocol):
    """Compiles a model name into candidates; never asks a server while doing so."""

    def candidates(self, model: str | None, caller: Caller) -> Sequence[Target]:
        """Return targets, best first (None names the default model). Raises UnknownModelError."""
        ...
