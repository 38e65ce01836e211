"""The wish to be told the usage at a stream's end: most servers take it, some refuse a field that they do not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app.llm.errors import ProviderRejectedError

_FIELD = "stream_options"
_REFUSALS = (400, 422)
Answer = TypeVar("Answer")


class UsageWish:
    """What one server was found to do. One that refuses it (Mistral's, for one) tells the usage unasked, or it is estimated."""

    def __init__(self) -> None:
        self._is_taken: bool | None = None

    async def opened(
        self, body: dict[str, Any], ask: Callable[[dict[str, Any]], Awaitable[Answer]]
    ) -> Answer:
        """Return what `ask` makes of a body; one that is refused is asked again without the wish. Raises LLMError."""
        if _FIELD not in body or self._is_taken:
            return await ask(body)
        without = {name: value for name, value in body.items() if name != _FIELD}
        if self._is_taken is False:
            return await ask(without)
        try:
            answer = await ask(body)
        except ProviderRejectedError as error:
            if error.status not in _REFUSALS:
                raise
        else:
            self._is_taken = True
            return answer
        answer = await ask(without)
        self._is_taken = False
        return answer
