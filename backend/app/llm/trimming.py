"""Which turns are sent: append-only between trims, so that the server's KV cache holds. Pure functions.

Never cuts a message, parts a tool call from its result, or begins with an assistant: whole turns go, from the front.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.llm.errors import ContextOverflowError
from app.llm.turns import HistoryTurn

DropReason = Literal["budget", "earlier_trim", "max_messages", "no_user_message"]


@dataclass(frozen=True, slots=True)
class SizedTurn:
    """A turn with its length in the prompt, in tokens."""

    turn: HistoryTurn
    tokens: int


_Fits = Callable[[Sequence[SizedTurn], int], bool]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a prompt may cost.

    Args:
        tokens: the most that a prompt may have.
        low_water: the part of it that a trim leaves filled.
        context_window: the model's, for the error's sentence.
        max_messages: at most so many earlier messages; None is no limit.
    """

    tokens: int
    low_water: float = 0.5
    context_window: int | None = None
    max_messages: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent. `anchor_id` is the first user message sent, None while nothing was ever dropped."""

    kept: tuple[HistoryTurn, ...]
    dropped: tuple[tuple[HistoryTurn, DropReason], ...]
    anchor_id: str | None
    prompt_tokens: int
    is_trimmed: bool


def budget_tokens(max_history_tokens: int, context_window: int | None, max_tokens: int) -> int:
    """Return min(history limit, context less the answer); an answer never claims more than half of the context."""
    if context_window is None:
        return max_history_tokens
    return min(max_history_tokens, context_window - min(max_tokens, context_window // 2))


def plan_prompt(
    turns: Sequence[SizedTurn],
    *,
    anchor_id: str | None,
    head_tokens: int,
    new_tokens: int,
    new_message_id: str,
    budget: Budget,
    exact_prefix_tokens: int | None = None,
) -> Plan:
    """Choose the turns to send before the new message.

    Args:
        turns: the branch's history, oldest first.
        anchor_id: where the last prompt began; one that is not on this branch counts as none.
        head_tokens: the length of system prompt and tools.
        exact_prefix_tokens: the reported length of the prompt that begins at the anchor and ends with the last turn.

    Raises:
        ContextOverflowError: when head and new message alone are past the budget; with both figures.
    """
    alone = head_tokens + new_tokens
    if alone > budget.tokens:
        raise _overflow(alone, budget)
    start, reasons = _start_at_anchor(turns, anchor_id)
    kept = turns[start:]
    total = alone + sum(sized.tokens for sized in kept)
    if exact_prefix_tokens is not None and kept:
        total = exact_prefix_tokens + new_tokens
    dropped_before = len(reasons)
    kept, total = _within_message_limit(kept, total, budget, reasons)
    if total > budget.tokens:
        mark = budget.tokens * budget.low_water
        # The sum is computed again: an exact prefix belongs to the old anchor.
        total = alone + sum(sized.tokens for sized in kept)
        kept, total = _drop_until(kept, total, lambda _, length: length <= mark, reasons, "budget")
    first_id = kept[0].turn.messages[0].id if kept else new_message_id
    return Plan(
        kept=tuple(sized.turn for sized in kept),
        dropped=tuple(reasons),
        anchor_id=first_id if reasons else None,
        prompt_tokens=total if kept else alone,
        is_trimmed=len(reasons) > dropped_before,
    )


def _within_message_limit(
    kept: Sequence[SizedTurn], total: int, budget: Budget, reasons: list[tuple[HistoryTurn, DropReason]]
) -> tuple[Sequence[SizedTurn], int]:
    if budget.max_messages is None or _message_count(kept) <= budget.max_messages:
        return kept, total
    # A very small limit is meant as it is: of two messages, half would be none.
    limit = max(min(2, budget.max_messages), int(budget.max_messages * budget.low_water))
    return _drop_until(kept, total, lambda rest, _: _message_count(rest) <= limit, reasons, "max_messages")


def _start_at_anchor(
    turns: Sequence[SizedTurn], anchor_id: str | None
) -> tuple[int, list[tuple[HistoryTurn, DropReason]]]:
    start = 0
    if anchor_id is not None:
        start = next((i for i, sized in enumerate(turns) if _first_id(sized.turn) == anchor_id), 0)
    reasons: list[tuple[HistoryTurn, DropReason]] = [(sized.turn, "earlier_trim") for sized in turns[:start]]
    while start < len(turns) and not _begins_with_user(turns[start].turn):
        reasons.append((turns[start].turn, "no_user_message"))
        start += 1
    return start, reasons


def _drop_until(
    kept: Sequence[SizedTurn],
    total: int,
    fits: _Fits,
    reasons: list[tuple[HistoryTurn, DropReason]],
    reason: DropReason,
) -> tuple[Sequence[SizedTurn], int]:
    """Drop turns from the front, at least one, until the rest fits and begins with a user message."""
    start = 0
    while start < len(kept):
        reasons.append((kept[start].turn, reason))
        total -= kept[start].tokens
        start += 1
        if start < len(kept) and not _begins_with_user(kept[start].turn):
            continue
        if fits(kept[start:], total):
            break
    return kept[start:], total


def _message_count(turns: Sequence[SizedTurn]) -> int:
    return sum(len(sized.turn.messages) for sized in turns)


def _first_id(turn: HistoryTurn) -> str | None:
    return turn.messages[0].id if turn.messages else None


def _begins_with_user(turn: HistoryTurn) -> bool:
    return bool(turn.messages) and turn.messages[0].message.role == "user"


def _overflow(needed: int, budget: Budget) -> ContextOverflowError:
    return ContextOverflowError(
        f"The system prompt and this message have about {needed} tokens, and {budget.tokens} fit. Shorten the text.",
        details={
            "prompt_tokens": needed,
            "budget_tokens": budget.tokens,
            "context_window": budget.context_window,
        },
    )
