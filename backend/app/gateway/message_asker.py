"""Asks for messages: of a server that has them itself as the request came, of any other by translation; or of what is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from starlette.types import Scope

from app.auth.principal import Principal
from app.gateway.bodies import has_template
from app.gateway.cache import AnswerCache, Asked, CacheWish
from app.gateway.errors import InvalidBodyError
from app.gateway.message_answers import MessageEncoder, to_message
from app.gateway.message_bodies import to_chat
from app.gateway.message_work import MessageWork, passed_headers
from app.gateway.own_stream import MESSAGES
from app.gateway.service import Begun, GatewayService, Passed


class MessageAsker:
    """One for the process."""

    def __init__(self, gateway: GatewayService, cache: AnswerCache) -> None:
        self._gateway = gateway
        self._cache = cache

    def check(self, principal: Principal, body: dict[str, Any], headers: Mapping[str, str]) -> MessageWork:
        """Translate a request; what cannot be is only for servers that have Messages themselves. Raises InvalidBodyError."""
        chat: dict[str, Any] | None = None
        try:
            chat = to_chat(body)
        except InvalidBodyError:
            has_own = self._gateway.has_own(principal, body.get("model"), "messages")
            if has_template(body) or not has_own:
                raise
        return MessageWork(body, chat, passed_headers(headers))

    def wish(self, scope: Scope, body: dict[str, Any]) -> CacheWish | None:
        """Return what is wanted of kept answers. Raises InvalidBodyError."""
        return self._cache.wish(scope, body)

    async def whole(self, principal: Principal, work: MessageWork, wish: CacheWish | None) -> bytes:
        """Return a message. Raises PortalError."""
        if wish is None:
            return await self._ask(principal, work)
        if self._is_own(principal, work):
            ask = partial(self._ask, principal, work)
            return await self._cache.whole_as_is(_asked(principal, work), wish, ask)
        return to_message(await self._cache.whole(principal, "chat/completions", work.sizes, wish))

    async def begin(self, principal: Principal, work: MessageWork, wish: CacheWish | None) -> Begun:
        """Return a message's events. Raises PortalError."""
        if wish is None:
            return await self._begin(principal, work)
        if self._is_own(principal, work):
            ask = partial(self._begin, principal, work)
            return await self._cache.begin_as_is(_asked(principal, work), wish, ask, b"message_stop")
        begun = await self._cache.begin(principal, "chat/completions", work.sizes, wish)
        return Begun(_translated(begun.pieces), begun.abandon)

    def _is_own(self, principal: Principal, work: MessageWork) -> bool:
        model = work.body.get("model")
        return not has_template(work.body) and self._gateway.has_own(principal, model, "messages")

    async def _open(self, principal: Principal, work: MessageWork) -> Passed:
        return await self._gateway.open(principal, "chat/completions", work.sizes, reshape=work.shape)

    async def _ask(self, principal: Principal, work: MessageWork) -> bytes:
        passed = await self._open(principal, work)
        answer = await self._gateway.read_whole(passed)
        return answer if passed.answer.shape.path == MESSAGES else to_message(answer)

    async def _begin(self, principal: Principal, work: MessageWork) -> Begun:
        passed = await self._open(principal, work)
        pieces = self._gateway.pieces(passed)
        if passed.answer.shape.path != MESSAGES:
            pieces = _translated(pieces)
        return Begun(pieces, partial(self._gateway.abandon, passed))


async def _translated(chat: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    encoder = MessageEncoder()
    async with aclosing(chat) as pieces:
        async for piece in pieces:
            if events := encoder.feed(piece):
                yield events
    yield encoder.finish()


def _asked(principal: Principal, work: MessageWork) -> Asked:
    return Asked(principal, "messages", {**work.body, "headers": dict(work.headers)})
