"""Walks the candidates: the next one is tried only while nothing of an answer was sent. Never the same text twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.llm.errors import LLMError, ProviderAuthenticationError, UnknownModelError
from app.llm.routing import Target

Attempt = Callable[[Target], Awaitable[None]]


async def walk(
    candidates: Sequence[Target],
    attempt: Attempt,
    has_output: Callable[[], bool],
    attempts: list[dict[str, Any]],
) -> Target:
    """Return the target that answered; `attempts` gets an entry for each one tried. Raises the last LLMError."""
    last: LLMError | None = None
    for target in candidates:
        entry: dict[str, Any] = {"target": target.name, "status": "running"}
        attempts.append(entry)
        try:
            await attempt(target)
        except LLMError as error:
            entry.update(status="failed", error=error.code)
            if has_output() or not is_worth_another(error):
                raise
            last = error
        except BaseException:
            entry["status"] = "cancelled"
            raise
        else:
            entry["status"] = "done"
            return target
    if last is None:
        raise UnknownModelError("No model server is configured for this model.")
    raise last


def is_worth_another(error: LLMError) -> bool:
    """Whether another target might answer what this one did not: not when the request itself is wrong."""
    return error.is_retryable or isinstance(error, ProviderAuthenticationError | UnknownModelError)
