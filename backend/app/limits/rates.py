"""Requests and tokens a minute, counted in windows that all replicas share."""

from __future__ import annotations

from collections.abc import Sequence

from app.coord.base import CoordUnavailableError, RateDecision, RateWindows
from app.errors import UnavailableError
from app.kit.answer_headers import add_answer_headers
from app.limits.errors import RateLimitError
from app.limits.subjects import Subject

_WINDOW_SECONDS = 60.0
_WORDS = {"requests": "make {limit} requests a minute", "tokens": "use {limit} tokens a minute"}


class RateLimits:
    """Takes from the windows of whoever is limited; who is not is never refused and costs nothing.

    When the shared store is away a replica counts by itself.
    """

    def __init__(self, rates: RateWindows) -> None:
        self._rates = rates

    async def take_request(self, subjects: Sequence[Subject]) -> RateDecision | None:
        """Count one request, and return what is left of the tightest limit. Raises RateLimitError."""
        if not subjects:
            return None
        limits = [(subject, subject.requests_per_minute) for subject in subjects]
        decision = await self._take_all("requests", limits, 1)
        add_answer_headers(rate_headers(decision))
        return decision

    async def take_tokens(self, subjects: Sequence[Subject], amount: int) -> RateDecision | None:
        """Reserve tokens (the prompt's estimate and the answer's maximum) before asking a model.

        Raises RateLimitError, and has reserved nothing then. Correct it with `settle_tokens` when the usage is known.
        """
        limits = [(subject, subject.tokens_per_minute) for subject in subjects]
        for subject, limit in limits:
            if limit is not None and amount > limit:
                raise RateLimitError(
                    f"This request may need {amount} tokens, and {_lower(subject.words)} may use {limit} a minute. "
                    "Ask for fewer with max_tokens, shorten the prompt, or have the limit raised.",
                    details={"limit": limit, "needed": amount, "unit": "tokens_per_minute"},
                    retry_after_seconds=None,
                )
        return await self._take_all("tokens", limits, amount)

    async def settle_tokens(self, subjects: Sequence[Subject], *, reserved: int, used: int) -> None:
        """Replace a reservation by what was used; never raises for a store that is away."""
        for subject in subjects:
            if subject.tokens_per_minute is not None and reserved != used:
                await self._give_back(subject, "tokens", reserved - used)

    def settle_tokens_now(self, subjects: Sequence[Subject], *, reserved: int, used: int) -> bool:
        """Do the same where it needs no waiting; False where it does, and nothing is done."""
        return reserved == used or all(
            self._rates.adjust_now(
                _name(subject, "tokens"), delta=used - reserved, window_seconds=_WINDOW_SECONDS
            )
            for subject in subjects
            if subject.tokens_per_minute is not None
        )

    async def _take_all(
        self, unit: str, limits: Sequence[tuple[Subject, int | None]], amount: int
    ) -> RateDecision | None:
        tightest: RateDecision | None = None
        taken: list[Subject] = []
        for subject, limit in limits:
            if limit is None:
                continue
            decision = await self._take(_name(subject, unit), limit, amount)
            if not decision.is_allowed:
                for other in taken:
                    await self._give_back(other, unit, amount)
                raise _refusal(subject, unit, decision, amount)
            taken.append(subject)
            if tightest is None or decision.remaining < tightest.remaining:
                tightest = decision
        return tightest

    async def _give_back(self, subject: Subject, unit: str, amount: int) -> None:
        try:
            await self._rates.adjust(_name(subject, unit), delta=-amount, window_seconds=_WINDOW_SECONDS)
        except CoordUnavailableError:
            return  # the reservation stands until its window has passed

    async def _take(self, name: str, limit: int, amount: int) -> RateDecision:
        try:
            return await self._rates.take(name, limit=limit, window_seconds=_WINDOW_SECONDS, amount=amount)
        except CoordUnavailableError as error:
            raise UnavailableError(
                "The portal cannot count requests right now. Try again in a moment.", retry_after_seconds=2
            ) from error


def _name(subject: Subject, unit: str) -> str:
    return f"{subject.kind}:{subject.id}:{unit}"


def rate_headers(requests: RateDecision | None, tokens: RateDecision | None = None) -> dict[str, str]:
    """Say what is left of the minute, in OpenAI's names."""
    headers: dict[str, str] = {}
    for unit, decision in (("requests", requests), ("tokens", tokens)):
        if decision is not None:
            headers[f"x-ratelimit-limit-{unit}"] = str(decision.limit)
            headers[f"x-ratelimit-remaining-{unit}"] = str(decision.remaining)
            headers[f"x-ratelimit-reset-{unit}"] = f"{decision.reset_seconds:.0f}s"
    return headers


def _refusal(subject: Subject, unit: str, decision: RateDecision, amount: int) -> RateLimitError:
    allowed = _WORDS[unit].format(limit=decision.limit)
    is_requests = unit == "requests"
    return RateLimitError(
        f"{subject.words} may {allowed}; {decision.remaining} are left. Wait a little, or have the limit raised.",
        details={"limit": decision.limit, "needed": amount, "unit": f"{unit}_per_minute"},
        retry_after_seconds=decision.retry_after_seconds,
        headers=rate_headers(decision, None) if is_requests else rate_headers(None, decision),
    )


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]
