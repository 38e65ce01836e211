"""Answers that are kept, for who wants that: equal requests of one owner get the same bytes, and wait for one another.

Nothing is kept of errors, of streams that broke, or of requests whose client left.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

import orjson
from starlette.types import Scope

from app.auth.principal import Principal
from app.chat.errors import portal_error
from app.coord.base import Blobs
from app.gateway.errors import InvalidBodyError
from app.gateway.replay import Folder, replayed
from app.gateway.service import Begun, GatewayService, Operation, Passed, wants_usage
from app.gateway.stream_filter import StreamFilter
from app.kit.answer_headers import add_answer_headers
from app.llm.errors import LLMError
from app.models.routes import ModelRoutes

_HEADER = b"x-portal-cache"
_TRANSPORT = ("stream", "stream_options", "model")
DEFAULT_SECONDS = 3600
_SHARE = 16  # one answer takes at most this part of all
_WISHES = ("on", "off", "refresh")
Found = Literal["hit", "shared"]


@dataclass(frozen=True, slots=True)
class CacheWish:
    """For how long an answer may be kept; `is_fresh`: kept anew, whatever there is."""

    seconds: float
    is_fresh: bool = False


class _Leader:
    """The request that asks the model for all equal ones; its result is None unless it ended well."""

    def __init__(self) -> None:
        self.result: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()


class AnswerCache:
    """One for the process; what is kept is shared by all replicas."""

    def __init__(self, gateway: GatewayService, routes: ModelRoutes, blobs: Blobs, max_bytes: int) -> None:
        self._gateway = gateway
        self._routes = routes
        self._blobs = blobs
        self._max_bytes = max_bytes
        self._leaders: dict[str, _Leader] = {}

    def wish(self, scope: Scope, body: dict[str, Any]) -> CacheWish | None:
        """Return what the request's header or its model's definition wants; None where nothing is kept."""
        if not self._max_bytes:
            return None
        wanted = next((value for name, value in scope["headers"] if name == _HEADER), None)
        seconds = self._routes.cache_seconds(body.get("model"))
        if wanted is None:
            return CacheWish(seconds) if seconds else None
        word = wanted.decode("latin-1").strip().lower()
        if word not in _WISHES:
            raise InvalidBodyError("x-portal-cache: on, off or refresh.", code="invalid_header")
        if word == "off":
            return None
        return CacheWish(seconds or DEFAULT_SECONDS, is_fresh=word == "refresh")

    async def whole(
        self, principal: Principal, operation: Operation, body: dict[str, Any], wish: CacheWish
    ) -> bytes:
        """Return an answer, kept or new. Raises PortalError."""
        name = await self._name(principal, operation, body)
        if (data := await self._find(name, principal, operation, body, wish)) is not None:
            return data
        leader, data = self._lead(name), None
        try:
            data = await self._gateway.whole(principal, operation, body)
            await self._keep(name, data, wish)
        finally:
            self._end(name, leader, data)
        return data

    async def begin(
        self, principal: Principal, operation: Operation, body: dict[str, Any], wish: CacheWish
    ) -> Begun:
        """Return a stream, replayed or new, that has begun. Raises PortalError."""
        name = await self._name(principal, operation, body)
        if (data := await self._find(name, principal, operation, body, wish)) is not None:
            return Begun(_replay(data, is_usage_wanted=wants_usage(body)))
        leader = self._lead(name)
        try:
            passed = await self._gateway.open(principal, operation, body)
        except BaseException:
            self._end(name, leader, None)
            raise

        async def abandon() -> None:
            self._end(name, leader, None)
            await self._gateway.abandon(passed)

        return Begun(self._kept(name, leader, passed, wish), abandon)

    async def _kept(
        self, name: str, leader: _Leader, passed: Passed, wish: CacheWish
    ) -> AsyncGenerator[bytes]:
        """Yield a stream as it comes, and keep what it said once it has ended well."""
        folder, data = Folder(self._max_bytes // _SHARE), None
        # what is kept has the usage, whoever asked first
        told = replace(passed, is_usage_wanted=True)
        shown = StreamFilter(passed.answer.target.alias, is_usage_wanted=passed.is_usage_wanted)
        try:
            async with aclosing(self._gateway.pieces(told)) as pieces:
                async for piece in pieces:
                    folder.feed(piece)
                    if events := shown.feed(piece):
                        yield events
            data = folder.whole()
            if data is not None:
                await self._keep(name, data, wish)
        finally:
            self._end(name, leader, data)

    async def _name(self, principal: Principal, operation: Operation, body: dict[str, Any]) -> str:
        """Return the hash of all that shapes the answer: whose, from which servers, and every field that is not transport."""
        await self._gateway.prepare(principal, operation, body)
        try:
            targets = self._routes.candidates(body.get("model"), principal.caller)
        except LLMError as error:
            raise portal_error(error) from error
        shape = {name: value for name, value in body.items() if name not in _TRANSPORT}
        where = sorted(target.name for target in targets)
        what = [principal.user.id, operation, targets[0].alias, where, shape]
        try:
            data = orjson.dumps(what, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # a number of more than 64 bits
            data = json.dumps(what, sort_keys=True).encode()
        return sha256(data).hexdigest()

    async def _find(
        self, name: str, principal: Principal, operation: Operation, body: dict[str, Any], wish: CacheWish
    ) -> bytes | None:
        """Return what is kept, or what an equal request is just getting; None when the model must be asked."""
        while not wish.is_fresh:
            if (data := await self._blobs.get(name)) is not None:
                return self._told("hit", principal, operation, body, data)
            leader = self._leaders.get(name)
            if leader is None:
                break
            if (data := await asyncio.shield(leader.result)) is not None:
                return self._told("shared", principal, operation, body, data)
        add_answer_headers({"x-portal-cache": "miss"})
        return None

    def _told(
        self, how: Found, principal: Principal, operation: Operation, body: dict[str, Any], data: bytes
    ) -> bytes:
        add_answer_headers({"x-portal-cache": how})
        self._gateway.count_kept(principal, operation, body.get("model"), data)
        return data

    async def _keep(self, name: str, data: bytes, wish: CacheWish) -> None:
        if len(data) <= self._max_bytes // _SHARE:
            await self._blobs.put(name, data, seconds=wish.seconds, max_bytes=self._max_bytes)

    def _lead(self, name: str) -> _Leader:
        """Make equal requests wait for this one; beside another that runs (a fresh one is wanted) nobody waits."""
        leader = _Leader()
        self._leaders.setdefault(name, leader)
        return leader

    def _end(self, name: str, leader: _Leader, data: bytes | None) -> None:
        if self._leaders.get(name) is leader:
            del self._leaders[name]
        if not leader.result.done():
            leader.result.set_result(data)


async def _replay(data: bytes, *, is_usage_wanted: bool) -> AsyncGenerator[bytes]:
    for event in replayed(data, is_usage_wanted=is_usage_wanted):
        yield event
