"""The rate limits of an API key, counted in windows that all replicas share."""

from __future__ import annotations

from app.coord.base import CoordUnavailableError, RateDecision, RateWindows
from app.errors import UnavailableError
from app.keys.errors import KeyLimitError
from app.keys.service import KeyGrant

_WINDOW_SECONDS = 60.0


class KeyLimits:
    """Takes from a key's windows; a caller without a key, or a key without limits, is never refused.

    When the shared store is away a limited key is refused (503): a limit that an outage lifts is none.
    """

    def __init__(self, rates: RateWindows) -> None:
        self._rates = rates

    async def take_request(self, key: KeyGrant | None) -> RateDecision | None:
        """Count one request, and return what is left. Raises KeyLimitError with the seconds to wait."""
        if key is None or key.requests_per_minute is None:
            return None
        limit = key.requests_per_minute
        decision = await self._take(f"key:{key.id}:requests", limit, 1)
        if not decision.is_allowed:
            raise KeyLimitError(
                f"This API key may make {limit} requests a minute. Wait, or raise its limit with a new key.",
                details={"limit": limit, "unit": "requests_per_minute"},
                retry_after_seconds=decision.retry_after_seconds,
            )
        return decision

    async def take_tokens(self, key: KeyGrant | None, amount: int) -> None:
        """Reserve tokens (the prompt's estimate and the answer's maximum) before asking a model.

        Raises KeyLimitError. Correct the reservation with `settle_tokens` when the usage is known.
        """
        if key is None or key.tokens_per_minute is None:
            return
        limit = key.tokens_per_minute
        details = {"limit": limit, "needed": amount, "unit": "tokens_per_minute"}
        if amount > limit:
            raise KeyLimitError(
                f"This request may need {amount} tokens, and the API key allows {limit} a minute. "
                "Ask for fewer with max_tokens, shorten the prompt, or use a key with a higher limit.",
                details=details,
                retry_after_seconds=None,
            )
        decision = await self._take(f"key:{key.id}:tokens", limit, amount)
        if not decision.is_allowed:
            raise KeyLimitError(
                f"This API key may use {limit} tokens a minute, {decision.remaining} are left. Wait a little.",
                details=details,
                retry_after_seconds=decision.retry_after_seconds,
            )

    async def settle_tokens(self, key: KeyGrant | None, *, reserved: int, used: int) -> None:
        """Replace a reservation by what was used; never raises for a store that is away."""
        if key is None or key.tokens_per_minute is None or reserved == used:
            return
        try:
            await self._rates.adjust(
                f"key:{key.id}:tokens", delta=used - reserved, window_seconds=_WINDOW_SECONDS
            )
        except CoordUnavailableError:
            return  # the reservation stands until its window has passed

    async def _take(self, name: str, limit: int, amount: int) -> RateDecision:
        try:
            return await self._rates.take(name, limit=limit, window_seconds=_WINDOW_SECONDS, amount=amount)
        except CoordUnavailableError as error:
            raise UnavailableError(
                "The portal cannot count this key's requests right now. Try again in a moment.",
                retry_after_seconds=2,
            ) from error
