"""How many tokens a prompt has, before it is sent: counted by the server that would read it, or estimated."""

from __future__ import annotations

from typing import Any

from app.chat.errors import portal_error
from app.llm.errors import LLMError
from app.llm.routing import Routes
from app.llm.tokens import TokenCounter, text_of_json
from app.llm.types import Caller, ChatMessage


class PromptCounter:
    """Counts a chat's messages and tools. Asks no model to answer."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._counter = TokenCounter()

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
