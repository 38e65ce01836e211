"""A turn's prompt: system prompt, the turns that are kept, the new message. Nothing volatile before the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import orjson

from app.llm.images import without_images
from app.llm.lengths import Lengths, NewText, measure
from app.llm.routing import Target
from app.llm.tokens import TokenCounter, has_images
from app.llm.trimming import Budget, Plan, SizedTurn, budget_tokens, plan_prompt
from app.llm.turns import HistoryTurn, Ledger, TurnContext, TurnOutcome, TurnRequest
from app.llm.types import ChatMessage, CompletionRequest, EngineSettings, Sampling

_MAX_DROPPED_LISTED = 100
_LIMITED = ":limited"
_TEMPLATE_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent for one turn to one target, and what must be known when the reply's usage comes.

    `key` names the prompt's head for the turns that follow; None when this prompt is not the session's.
    `exact_prefix` is the reported length of all before the new message, where known.
    """

    request: CompletionRequest
    plan: Plan
    key: str | None
    anchor_id: str | None
    budget: int
    lengths: Lengths
    exact_prefix: int | None


@dataclass(frozen=True, slots=True)
class _Before:
    """What comes before the new message: the turns, where the last prompt of this branch began, its exact length.

    `is_limited` tells that a limit by messages chose the anchor, which is then the turn's and not the session's.
    """

    turns: list[SizedTurn]
    anchor_id: str | None
    is_limited: bool
    exact_tokens: int | None

    @property
    def tokens(self) -> int:
        return self.exact_tokens or sum(sized.tokens for sized in self.turns)


async def build_prompt(
    context: TurnContext,
    request: TurnRequest,
    target: Target,
    settings: EngineSettings,
    counter: TokenCounter,
) -> Prompt:
    """Choose what is sent to this target. Raises ContextOverflowError."""
    if not target.can_see:
        context = without_images(context)
    window = counter.context_window(target)
    sampling = filled_sampling(request.sampling, settings)
    max_tokens = sampling.max_tokens or settings.max_tokens
    tokens = budget_tokens(settings.max_history_tokens, window, max_tokens)
    budget = Budget(tokens, settings.history_low_water, window, request.max_history_messages)
    system = ChatMessage("system", context.system_prompt) if context.system_prompt else None
    new = context.new_message
    before = _before(context, request, target, sampling, counter)
    room = (tokens if window is None else min(tokens, window - max_tokens)) - before.tokens
    lengths = await measure(NewText.of(system, sampling, new.message), room, target, counter)
    plan = plan_prompt(
        before.turns,
        anchor_id=before.anchor_id,
        head_tokens=lengths.head,
        new_tokens=lengths.new,
        new_message_id=new.id,
        budget=budget,
        exact_prefix_tokens=before.exact_tokens,
    )
    is_limited = before.is_limited or any(reason == "max_messages" for _, reason in plan.dropped)
    kept = [stored.message for turn in plan.kept for stored in turn.messages]
    messages = (*((system,) if system is not None else ()), *kept, new.message)
    key = prompt_key(plan.anchor_id, context.system_prompt, target, sampling, is_limited)
    return Prompt(
        CompletionRequest(
            target.model, messages, fitted(sampling, plan.prompt_tokens, window), settings.skip_thinking
        ),
        plan,
        key=key if request.use_history else None,
        anchor_id=context.anchor_message_id if is_limited or not request.use_history else plan.anchor_id,
        budget=tokens,
        lengths=lengths,
        exact_prefix=before.exact_tokens if plan.kept and not plan.is_trimmed else None,
    )


def filled_sampling(sampling: Sampling, settings: EngineSettings) -> Sampling:
    """Fill in the defaults; 0 is a value, and `None` alone means "not given"."""
    defaults = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
    }
    absent = {name: value for name, value in defaults.items() if getattr(sampling, name) is None}
    return replace(sampling, **absent, filled=tuple(absent))  # type: ignore[arg-type]


def prompt_key(
    anchor_id: str | None,
    system_prompt: str | None,
    target: Target,
    sampling: Sampling,
    is_limited: bool = False,
) -> str:
    """Name a prompt's head: two prompts of one key and branch differ only by what was appended."""
    head = orjson.dumps([system_prompt, target.model, sampling.tools])
    return f"{anchor_id or '-'}:{sha256(head).hexdigest()[:16]}{_LIMITED if is_limited else ''}"


def describe(prompt: Prompt, ledger: Ledger, target: Target, window: int | None) -> None:
    """Write into the ledger what is sent and what is not."""
    ledger.model = target.alias
    ledger.context_window = window
    ledger.budget_tokens = prompt.budget
    ledger.prompt_tokens_counted = prompt.plan.prompt_tokens
    ledger.messages_sent = len(prompt.request.messages)
    dropped = [
        {"message_id": stored.id, "reason": str(reason)}
        for turn, reason in prompt.plan.dropped
        for stored in turn.messages
    ]
    ledger.messages_dropped = dropped[-_MAX_DROPPED_LISTED:]
    ledger.messages_dropped_count = len(dropped)
    ledger.anchor_message_id = prompt.anchor_id
    ledger.trimmed = prompt.plan.is_trimmed


async def settle(prompt: Prompt, outcome: TurnOutcome, target: Target, counter: TokenCounter) -> None:
    """Put the exact lengths that the reply reported into the outcome, and learn from them."""
    estimated = prompt.lengths.head + prompt.lengths.new
    await prompt.lengths.settled()
    counted_new = prompt.lengths.new
    difference = prompt.lengths.head + counted_new - estimated
    if prompt.exact_prefix is not None:
        outcome.ledger.prompt_tokens_counted = prompt.exact_prefix + counted_new
    else:
        outcome.ledger.prompt_tokens_counted += difference
    outcome.anchor_message_id = prompt.anchor_id
    outcome.user_tokens = counted_new
    usage = outcome.usage
    if usage is None or usage.prompt_tokens <= 0:
        return
    outcome.ledger.prompt_tokens_reported = usage.prompt_tokens
    outcome.ledger.completion_tokens = usage.completion_tokens
    outcome.ledger.cached_tokens = usage.cached_tokens
    counter.learn_prompt(target, prompt.request.messages, usage)
    if prompt.exact_prefix is not None and usage.prompt_tokens > prompt.exact_prefix:
        outcome.user_tokens = usage.prompt_tokens - prompt.exact_prefix
        if not has_images(prompt.request.messages[-1]):  # their length is a guess
            counter.learn_overhead(target, outcome.user_tokens - counted_new)
    if outcome.tool_calls or (outcome.reasoning and not usage.reasoning_tokens):
        # Calls and thinking are not sent again, and this server does not say how long they were: no exact figure.
        return
    outcome.assistant_tokens = usage.completion_tokens - usage.reasoning_tokens
    if prompt.key is not None:
        outcome.prefix_key = prompt.key
        outcome.prefix_tokens = usage.prompt_tokens + outcome.assistant_tokens


def _before(
    context: TurnContext, request: TurnRequest, target: Target, sampling: Sampling, counter: TokenCounter
) -> _Before:
    history = context.history if request.use_history else ()
    turns = [
        SizedTurn(turn, counter.size_turn(turn, previous, target))
        for turn, previous in zip(history, (None, *history), strict=False)
    ]
    anchor_id, is_limited = _anchor(history, context.anchor_message_id, request.max_history_messages)
    key = prompt_key(anchor_id, context.system_prompt, target, sampling, is_limited)
    return _Before(turns, anchor_id, is_limited, _exact_prefix(history, key))


def _anchor(
    history: tuple[HistoryTurn, ...], session_anchor_id: str | None, max_messages: int | None
) -> tuple[str | None, bool]:
    """Return where this branch's last prompt began, and whether a limit by messages put it there.

    The branch's last turn knows, whichever branch the session was on since. Where a limit put the anchor, a request
    without one goes back to the session's own.
    """
    if not history:
        return None, False
    key = history[-1].prefix_key
    if key is None or (key.endswith(_LIMITED) and max_messages is None):
        return session_anchor_id, False
    anchor = key.partition(":")[0]
    return None if anchor == "-" else anchor, key.endswith(_LIMITED)


def _exact_prefix(history: tuple[HistoryTurn, ...], key: str) -> int | None:
    return history[-1].prefix_tokens if history and history[-1].prefix_key == key else None


def fitted(sampling: Sampling, prompt_tokens: int, context_window: int | None) -> Sampling:
    """Ask for no more tokens than the context still holds: some servers refuse the request otherwise.

    Templates put more around a prompt than anybody counts before the first reply, such as a system prompt of the model's.
    """
    if context_window is None or sampling.max_tokens is None:
        return sampling
    room = context_window - prompt_tokens
    return replace(
        sampling, max_tokens=max(1, min(sampling.max_tokens, room - min(_TEMPLATE_TOKENS, room // 8)))
    )
