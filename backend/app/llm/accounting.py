"""What a request came to, told once when it has ended, however it ended. Pure data and the estimate for a lost count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.llm.events import is_text
from app.llm.money import Price
from app.llm.prompt_size import BYTES_PER_TOKEN
from app.llm.turns import ChatRequest, TurnOutcome, TurnRequest
from app.llm.types import Caller, TurnStatus, Usage

if TYPE_CHECKING:
    from app.llm.routing import Target


@dataclass(slots=True)  # frozen, it would take four times as long to make, once a request
class Spent:
    """One ended request. Nobody changes it.

    Args:
        asked_model: the name that the caller gave; None for the default.
        model: the alias that answered, or was to.
        target: the target that was asked last; None when none was.
        price: of that target, at the time; None costs nothing.
        is_estimated: the server told no usage (a stream that was cut), so it was counted by what was delivered.
        is_cache_hit: the answer came from the portal's own cache, and no server worked.
        account: what the asker gave along, handed back as it was.
    """

    caller: Caller
    door: str
    operation: str
    status: TurnStatus
    asked_model: str | None = None
    model: str | None = None
    target: str | None = None
    price: Price | None = None
    usage: Usage = field(default_factory=Usage)
    is_estimated: bool = False
    is_cache_hit: bool = False
    error_code: str | None = None
    ttft_ms: float | None = None
    total_ms: float | None = None
    request_id: str = ""
    account: Any = None

    @property
    def nanos(self) -> int:
        """What it cost."""
        return 0 if self.price is None or self.is_cache_hit else self.price.nanos(self.usage)


OnSpent = Callable[[Spent], None]


def tell_nobody(spent: Spent) -> None:
    """Where nobody keeps accounts."""


def estimated_usage(prompt_tokens: int, pieces: int, text_bytes: int) -> Usage:
    """Estimate an answer that was cut: servers send about a token a piece, some several, none less than its text has."""
    return Usage(prompt_tokens, max(pieces, text_bytes // BYTES_PER_TOKEN))


def spent_on(
    request: TurnRequest | ChatRequest, outcome: TurnOutcome, target: Target | None, operation: str
) -> Spent:
    """Return what an ask of the engine came to; a count that the server did not tell is estimated."""
    usage, is_estimated = outcome.usage or Usage(), False
    if outcome.usage is None and (outcome.content or outcome.reasoning):
        pieces = sum(1 for length in outcome.event_lengths if is_text(length))
        text_bytes = len((outcome.content + outcome.reasoning).encode(errors="replace"))
        usage = estimated_usage(outcome.ledger.prompt_tokens_counted, pieces, text_bytes)
        is_estimated = True
    return Spent(
        caller=request.caller,
        door=request.door,
        operation=operation,
        status=outcome.status,
        asked_model=request.model,
        model=outcome.model or (target.alias if target is not None else None) or request.model,
        target=target.name if target is not None else None,
        price=target.price if target is not None else None,
        usage=usage,
        is_estimated=is_estimated,
        error_code=outcome.error_code,
        ttft_ms=outcome.timings.get("ttft_ms"),
        total_ms=outcome.timings.get("total_ms"),
        request_id=request.request_id,
        account=request.account,
    )
