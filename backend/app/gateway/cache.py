"""Answers that are kept, for who wants that: equal requests of one owner get the same bytes, and wait for one another.

Nothing is kept of errors, of streams that broke, or of requests whose client left.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any, Literal

import orjson
from starlette.types import Scope

from app.auth.principal import Principal
from app.chat.errors import portal_error
from app.coord.base import Blobs, Locks
from app.gateway.errors import InvalidBodyError
from app.gateway.flights import Flight, Flights
from app.gateway.replay import Folder, replayed
from app.gateway.service import Begun, GatewayService, Operation, Passed, wants_usage
from app.gateway.stream_filter import StreamFilter
from app.kit.answer_headers import add_answer_headers
from app.llm.errors import LLMError
from app.models.routes import ModelRoutes

_HEADER = b"x-portal-cache"
_TRANSPORT = ("stream", "stream_options", "model")
DEFAULT_SECONDS = 3600
WAIT_SECONDS = 60.0
"""For how long a request waits for an equal one; then it is asked by itself."""
_FORM = "\x00form"  # no field of a body
_SHARE = 16  # one answer takes at most this part of all
_WISHES = ("on", "off", "refresh")
Found = Literal["hit", "shared"]


@dataclass(frozen=True, slots=True)
class CacheWish:
    """For how long an answer may be kept; `is_fresh`: kept anew, whatever there is."""

    seconds: float
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: whose, of which operation, and all that shapes its answer."""

    principal: Principal
    operation: str
    body: dict[str, Any]


class AnswerCache:
    """One for the process; what is kept is shared by all replicas."""

    def __init__(
        self,
        gateway: GatewayService,
        routes: ModelRoutes,
        blobs: Blobs,
        locks: Locks,
        max_bytes: int,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._gateway = gateway
        self._routes = routes
        self._blobs = blobs
        self._max_bytes = max_bytes
        self._flights = Flights(locks)
        self._wait_seconds = wait_seconds

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
        await self._gateway.prepare(principal, operation, body)
        name = self._name(principal, operation, body)
        ask = partial(self._gateway.whole, principal, operation, body)
        return await self._whole(name, Asked(principal, operation, body), wish, ask)

    async def begin(
        self, principal: Principal, operation: Operation, body: dict[str, Any], wish: CacheWish
    ) -> Begun:
        """Return a stream, replayed or new, that has begun. Raises PortalError."""
        await self._gateway.prepare(principal, operation, body)
        name = self._name(principal, operation, body)
        found = await self._turn(name, Asked(principal, operation, body), wish)
        if isinstance(found, bytes):
            return Begun(_replay(found, is_usage_wanted=wants_usage(body)))
        try:
            passed = await self._gateway.open(principal, operation, body)
        except BaseException:
            found.end(None)
            raise

        async def abandon() -> None:
            found.end(None)
            await self._gateway.abandon(passed)

        return Begun(self._kept(name, found, passed, wish), abandon)

    async def whole_as_is(self, asked: Asked, wish: CacheWish, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return an answer in a format that is not understood here, kept or new. Raises PortalError."""
        name = self._name(asked.principal, asked.operation, {**asked.body, _FORM: "whole"})
        return await self._whole(name, asked, wish, ask)

    async def begin_as_is(
        self, asked: Asked, wish: CacheWish, ask: Callable[[], Awaitable[Begun]], end: bytes
    ) -> Begun:
        """Return such a stream. It is kept when it has come to its `end`, the name of its last event. Raises PortalError."""
        name = self._name(asked.principal, asked.operation, {**asked.body, _FORM: "stream"})
        found = await self._turn(name, asked, wish)
        if isinstance(found, bytes):
            return Begun(_once(found))
        try:
            begun = await ask()
        except BaseException:
            found.end(None)
            raise

        async def abandon() -> None:
            found.end(None)
            await begun.abandon()

        return Begun(self._kept_as_is(name, found, begun, wish, end), abandon)

    async def _whole(
        self, name: str, asked: Asked, wish: CacheWish, ask: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        found = await self._turn(name, asked, wish)
        if isinstance(found, bytes):
            return found
        data = None
        try:
            data = await ask()
            await self._keep(name, data, wish)
        finally:
            found.end(data)
        return data

    async def _kept_as_is(
        self, name: str, flight: Flight, begun: Begun, wish: CacheWish, end: bytes
    ) -> AsyncGenerator[bytes]:
        parts, size, data = list[bytes](), 0, None
        try:
            async with aclosing(begun.pieces) as pieces:
                async for piece in pieces:
                    size += len(piece)
                    if size <= self._max_bytes // _SHARE:
                        parts.append(piece)
                    yield piece
            whole = b"".join(parts)
            if size == len(whole) and b"event: %b\n" % end in whole:
                data = whole
                await self._keep(name, data, wish)
        finally:
            flight.end(data)

    async def _kept(
        self, name: str, flight: Flight, passed: Passed, wish: CacheWish
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
            flight.end(data)

    def _name(self, principal: Principal, operation: str, body: dict[str, Any]) -> str:
        """Return the hash of all that shapes the answer: whose, from which servers, and every field that is not transport."""
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

    async def _turn(self, name: str, asked: Asked, wish: CacheWish) -> bytes | Flight:
        """Return what is kept, or what an equal request is just getting; or lead, when the model must be asked.

        Nobody waits longer than `wait_seconds`: a request that hangs is asked anew beside it.
        """
        until = asyncio.get_running_loop().time() + self._wait_seconds
        while not wish.is_fresh:
            if (data := await self._blobs.get(name)) is not None:
                return self._told("hit", asked, data)
            flight = self._flights.find(name)
            if flight is None:
                break
            try:
                data = await flight.outcome(until)
            except TimeoutError:
                break
            if data is not None:
                return self._told("shared", asked, data)
        return await self._lead(name, asked, wish, until)

    async def _lead(self, name: str, asked: Asked, wish: CacheWish, until: float) -> bytes | Flight:
        """Wait while another replica leads, and return what it got; or lead."""
        flight = self._flights.lead(name)
        data = None
        try:
            if not wish.is_fresh:
                await flight.take_turn(until)
                data = await self._blobs.get(name)
        except BaseException:
            flight.end(None)
            raise
        if data is not None:
            flight.end(data)
            return self._told("shared", asked, data)
        add_answer_headers({"x-portal-cache": "miss"})
        return flight

    def _told(self, how: Found, asked: Asked, data: bytes) -> bytes:
        add_answer_headers({"x-portal-cache": how})
        self._gateway.count_kept(asked.principal, asked.operation, asked.body.get("model"), data)
        return data

    async def _keep(self, name: str, data: bytes, wish: CacheWish) -> None:
        if len(data) <= self._max_bytes // _SHARE:
            await self._blobs.put(name, data, seconds=wish.seconds, max_bytes=self._max_bytes)


async def _replay(data: bytes, *, is_usage_wanted: bool) -> AsyncGenerator[bytes]:
    for event in replayed(data, is_usage_wanted=is_usage_wanted):
        yield event


async def _once(data: bytes) -> AsyncGenerator[bytes]:
    yield data
