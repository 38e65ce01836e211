"""The portal's own temperature and top_p, taken back from models that refuse them when nobody had asked for them.

OpenAI's models that think take no temperature, and Anthropic's newer ones not both at once: with what the settings fill in
every message to them would be refused.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from app.kit.clock import Clock
from app.llm.errors import LLMError, ProviderRejectedError
from app.llm.types import Chunk, CompletionRequest

REMEMBERED_SECONDS = 3600.0
_FILLED = ("temperature", "top_p")
_REFUSALS = (400, 422)
Ask = Callable[[CompletionRequest], AsyncGenerator[Chunk]]


class Defaults:
    """Asks without them whoever refuses them, and remembers for a while who does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused_until: dict[str, float] = {}

    def stream(self, target_name: str, request: CompletionRequest, ask: Ask) -> AsyncGenerator[Chunk]:
        """Return the answer's chunks: of a request that is refused, of the same one without the defaults. Raises LLMError."""
        plain = without_defaults(request)
        if plain is None:
            return ask(request)
        if self._refused_until.get(target_name, 0.0) > self._clock.monotonic():
            return ask(plain)
        return self._tried(target_name, request, plain, ask)

    async def _tried(
        self, target_name: str, request: CompletionRequest, plain: CompletionRequest, ask: Ask
    ) -> AsyncGenerator[Chunk]:
        has_begun = False
        try:
            async with aclosing(ask(request)) as chunks:
                async for chunk in chunks:
                    has_begun = True
                    yield chunk
            return
        except LLMError as error:
            if has_begun or not _may_be_of_defaults(error):
                raise
        async with aclosing(ask(plain)) as chunks:
            async for chunk in chunks:
                if not has_begun:
                    has_begun = True
                    self._refused_until[target_name] = self._clock.monotonic() + REMEMBERED_SECONDS
                yield chunk


def without_defaults(request: CompletionRequest) -> CompletionRequest | None:
    """Return a request with what its caller asked for alone; None where there is nothing to leave out."""
    sampling = request.sampling
    absent = [name for name in _FILLED if name in sampling.filled]
    if not absent:
        return None
    rest = tuple(name for name in sampling.filled if name not in _FILLED)
    return replace(request, sampling=replace(sampling, **dict.fromkeys(absent), filled=rest))  # type: ignore[arg-type]


def _may_be_of_defaults(error: LLMError) -> bool:
    """Whether a refusal may be about them: not every server names the field that it refuses."""
    if not isinstance(error, ProviderRejectedError) or error.status not in _REFUSALS:
        return False
    return (error.details or {}).get("param") in (None, *_FILLED)
