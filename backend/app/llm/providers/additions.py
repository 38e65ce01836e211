"""What the portal adds to a request by itself, and some servers refuse: they are asked without it.

`stream_options`, by which a stream tells its usage, is unknown to Mistral's API, for one; and vLLM takes no
`chat_template_kwargs`, by which thinking is switched off, for models with Mistral's own tokenizer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from typing import Any, TypeVar

from app.llm.errors import ProviderRejectedError
from app.llm.providers.registry import USAGE_WISH, ServerKind

_REFUSALS = (400, 422)
Answer = TypeVar("Answer")


class Additions:
    """What one server was found to do with them, by model. It is looked at only where a kind may refuse some."""

    def __init__(self) -> None:
        self._are_taken: dict[str, bool] = {}

    def opened(
        self,
        kind: ServerKind,
        body: dict[str, Any],
        came: Container[str],
        ask: Callable[[dict[str, Any]], Awaitable[Answer]],
    ) -> Awaitable[Answer]:
        """Return what `ask` makes of a body; one that is refused is asked again without what was not in it as it `came`.

        Raises LLMError.
        """
        if not kind.may_refuse or self._are_taken.get(str(body.get("model"))):
            return ask(body)
        added = [
            name for name in kind.may_refuse if name in body and (name == USAGE_WISH or name not in came)
        ]
        return self._tried(body, added, ask) if added else ask(body)

    async def _tried(
        self, body: dict[str, Any], added: list[str], ask: Callable[[dict[str, Any]], Awaitable[Answer]]
    ) -> Answer:
        model = str(body.get("model"))
        without = {name: value for name, value in body.items() if name not in added}
        if self._are_taken.get(model) is False:
            return await ask(without)
        try:
            answer = await ask(body)
        except ProviderRejectedError as error:
            if error.status not in _REFUSALS:
                raise
        else:
            self._are_taken[model] = True
            return answer
        answer = await ask(without)
        self._are_taken[model] = False
        return answer
