"""Asking once more, after a pause: when nothing was said yet, the failure may pass, and there is time for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from app.llm.errors import LLMError, ProviderRateLimitError, ProviderUnreachableError


@dataclass(frozen=True, slots=True)
class Retries:
    """How often all candidates are asked again, and how long is waited before.

    The pause is drawn between nothing and a bound that doubles each time (full jitter), and is never shorter than the
    server asked for; one that asks for more than `longest_seconds` is left to the caller, who is told.
    """

    most: int = 1
    base_seconds: float = 0.3
    longest_seconds: float = 1.5

    def pause(
        self,
        error: LLMError,
        done: int,
        left_seconds: float | None,
        draw: Callable[[], float] = random.random,
    ) -> float | None:
        """Return how long to wait before asking again; None to give up.

        Args:
            done: how many times it was asked again already.
            left_seconds: until the request's deadline; None where there is none.
        """
        if done >= self.most or not is_safe_to_repeat(error):
            return None
        asked = error.retry_after_seconds or 0.0
        seconds = max(asked, draw() * min(self.longest_seconds, self.base_seconds * float(2**done)))
        if asked > self.longest_seconds or (left_seconds is not None and seconds >= left_seconds):
            return None
        return seconds


def is_safe_to_repeat(error: LLMError) -> bool:
    """Whether the server has surely not worked on it: it was away, or too busy. Who was slow is not asked again."""
    return isinstance(error, ProviderUnreachableError | ProviderRateLimitError) and error.is_retryable
