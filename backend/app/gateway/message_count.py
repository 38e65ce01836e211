"""How many tokens a prompt has, before it is sent: counted by the server that would read it, or estimated."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import orjson

from app.chat.errors import portal_error
from app.llm.errors import LLMError, UnknownModelError
from app.llm.relay import Reshape
from app.llm.routing import Routes
from app.llm.tokens import TokenCounter, text_of_json
from app.llm.types import Caller, ChatMessage


class PromptCounter:
    """Counts a chat's messages and tools. Asks no model to answer."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._counter = TokenCounter()

    async def ask(self, caller: Caller, model: str | None, reshape: Reshape) -> int | None:
        """Ask the server itself, in the form that `reshape` tells; None where the first one that would be asked cannot be.

        Raises PortalError.
        """
        try:
            target = self._routes.candidates(model, caller)[0]
            shape = reshape(target)
            if shape is None:
                return None
            body = {**shape.body, "model": target.model}
            pieces = target.provider.relay(shape.path, body, is_stream=False, headers=shape.headers)
            async with aclosing(pieces):
                answer = orjson.loads(b"".join([piece async for piece in pieces]))
            return int(answer["input_tokens"])
        except UnknownModelError as error:
            if error.status == 404:  # it has no such route
                return None
            raise portal_error(error) from error
        except LLMError as error:
            raise portal_error(error) from error
        except (ValueError, KeyError, TypeError):
            return None

    async def count(self, caller: Caller, chat: dict[str, Any]) -> int:
        """Return the length for the target that would be asked first. Raises PortalError for an unknown model."""
        try:
            target = self._routes.candidates(chat.get("model"), caller)[0]
        except LLMError as error:
            raise portal_error(error) from error
        tokens = 0
        for message in chat["messages"]:
            known = ChatMessage(message["role"], message["content"], tool_calls=message.get("tool_calls"))
            tokens += await self._counter.count_message(known, target)
        for tool in chat.get("tools") or ():
            tokens += await self._counter.count_text(text_of_json(tool["function"]), target)
        return tokens
