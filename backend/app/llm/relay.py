"""Requests in OpenAI's own format, passed on to a target byte for byte: only the model's name is put right.

The same candidates and the same gates as the engine's own asks. Who goes away cancels: the connection is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.kit.clock import Clock
from app.llm.errors import LLMError, ProviderProtocolError, UnknownModelError
from app.llm.failover import is_worth_another
from app.llm.in_flight import InFlight, RunningAsk
from app.llm.needs import needs_of
from app.llm.routing import Target
from app.llm.runner import Runner
from app.llm.types import Caller, PriorityClass


@dataclass(frozen=True, slots=True)
class Shape:
    """A request as one target is to be asked it: on which route, with what body, and what headers go along."""

    path: str
    body: dict[str, Any]
    is_stream: bool
    headers: Mapping[str, str] | None = None


Reshape = Callable[[Target], Shape | None]
"""Tells in what form a target is asked; None passes it over."""


@dataclass(slots=True)  # frozen, it would take four times as long to make, once a request
class RelayCall:
    """One request. Nobody changes it.

    Args:
        path: the route at the server, with `/v1`.
        body: the caller's JSON, unknown fields and all; `model` names an alias, and is absent for the default one.
        deadline_seconds: from now, until it must have been sent.
        reshape: where targets are asked in different forms of one request; None asks all in this one.
    """

    path: str
    body: dict[str, Any]
    is_stream: bool
    caller: Caller
    priority: PriorityClass = "chat"
    deadline_seconds: float | None = None
    reshape: Reshape | None = None

    def shape(self, target: Target) -> Shape | None:
        """Return it as a target is to be asked."""
        if self.reshape is not None:
            return self.reshape(target)
        return Shape(self.path, self.body, self.is_stream)


class Relayed:
    """An answer whose first bytes are there: from here on no other target is tried."""

    def __init__(
        self,
        target: Target,
        shape: Shape,
        first: bytes,
        rest: AsyncGenerator[bytes],
        leave: Callable[[], None],
        ask: RunningAsk,
    ) -> None:
        self.target = target
        self.shape = shape
        self._ask = ask
        self._first = first
        self._rest = rest
        self._leave: Callable[[], None] | None = leave

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the bytes as they come; raises LLMError when the stream breaks."""
        with self._ask:
            yield self._first
            async for piece in self._rest:
                yield piece

    async def whole(self) -> bytes:
        """Return all of it, and give the target's place back."""
        parts = [self._first]
        try:
            with self._ask:
                async for piece in self._rest:
                    parts.append(piece)
        finally:
            await self.aclose()
        return b"".join(parts) if len(parts) > 1 else self._first

    async def aclose(self) -> None:
        """Close the connection and give the target's place back; doing it again does nothing."""
        leave, self._leave = self._leave, None
        if leave is not None:
            try:
                await self._rest.aclose()
            finally:
                leave()


class Relay:
    """Finds a target that takes a call."""

    def __init__(self, runner: Runner, clock: Clock, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self._runner = runner
        self._clock = clock

    async def open(self, call: RelayCall) -> Relayed:
        """Return an answer that has begun; close it. Raises LLMError."""
        deadline = None if call.deadline_seconds is None else self._clock.monotonic() + call.deadline_seconds
        ask = self._in_flight.ask(call.caller, "v1", call.body.get("model"))
        with ask:
            return await self._persist(call, deadline, ask)

    async def _persist(self, call: RelayCall, deadline: float | None, ask: RunningAsk) -> Relayed:
        """Ask all candidates, and once more after a pause if that may help. Raises LLMError."""
        done = 0
        while True:
            try:
                return await self._walk(call, deadline, ask)
            except LLMError as error:
                pause = self._runner.pause(error, done, deadline)
                if pause is None:
                    raise
            done += 1
            await asyncio.sleep(pause)

    async def _walk(self, call: RelayCall, deadline: float | None, ask: RunningAsk) -> Relayed:
        """Ask the candidates in turn. Raises the last one's LLMError."""
        last: LLMError | None = None
        for target in self._runner.candidates(
            call.body.get("model"), call.caller, partial(needs_of, call.body)
        ):
            shape = call.shape(target)
            if shape is None:
                continue
            try:
                return await self._open_at(target, shape, call, deadline, ask)
            except LLMError as error:
                if not is_worth_another(error):
                    raise
                last = error
        raise last or UnknownModelError("No model server is configured for this model.")

    async def _open_at(
        self, target: Target, shape: Shape, call: RelayCall, deadline: float | None, ask: RunningAsk
    ) -> Relayed:
        body = {**shape.body, "model": target.model}
        gate = self._runner.gate(target.name)
        started = await gate.enter(user_id=call.caller.user_id, priority=call.priority, deadline=deadline)
        pieces = target.provider.relay(shape.path, body, is_stream=shape.is_stream, headers=shape.headers)
        try:
            first = await anext(pieces, None)
            if first is None:
                raise ProviderProtocolError(
                    "The model server's answer is empty.", provider=target.name, is_retryable=True
                )
        except BaseException:
            try:
                await pieces.aclose()
            finally:
                gate.leave(started)
            raise
        return Relayed(target, shape, first, pieces, partial(gate.leave, started), ask)
