"""The whole engine around the scriptable server: real sessions, coordination, adapter; the store is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from app.coord.base import Coord, LockQueueFullError, LockTimeoutError
from app.coord.factory import create_coord
from app.kit.ids import new_id
from app.llm.errors import UnknownModelError
from app.llm.ports import SessionStore
from app.llm.providers.base import Timeouts
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.routing import Target
from app.llm.sessions import SessionManager
from app.llm.turns import TurnRequest
from app.llm.types import Caller, EngineSettings
from tests.fakes.store import FakeStore
from tests.fakes.upstream import FakeUpstream

ALICE = Caller(user_id=1)
BOB = Caller(user_id=2)


@dataclass
class OneTarget:
    """Routes with one model; `extra` targets follow it as further candidates."""

    target: Target
    extra: list[Target] = field(default_factory=list)

    def candidates(self, model: str | None, caller: Caller, needs: object = None) -> Sequence[Target]:
        if model not in (None, self.target.alias):
            raise UnknownModelError(f"There is no model {model}.", details={"available": [self.target.alias]})
        return [self.target, *self.extra]


@dataclass
class Engine:
    """What a test holds."""

    upstream: FakeUpstream
    store: FakeStore
    coord: Coord
    routes: OneTarget
    sessions: SessionManager
    provider: OpenAICompatibleProvider
    shared_name: str

    @asynccontextmanager
    async def replica(self) -> AsyncIterator[SessionManager]:
        """Start a second manager on the same store, coordination and server, as another process would."""
        coord = create_coord("", shared_name=self.shared_name)
        await coord.start()
        sessions = SessionManager(
            self.store,
            coord,
            self.routes,
            EngineSettings(),
            lock_full=LockQueueFullError,
            lock_timeout=LockTimeoutError,
        )
        await sessions.start()
        try:
            yield sessions
        finally:
            await sessions.close()
            await coord.close()

    async def events(self, turn_id: str, after: int = 0) -> list[dict[str, Any]]:
        """Read a turn's events to the end, as JSON with `number`."""
        return [
            {**orjson.loads(event.data), "number": event.number}
            async for event in self.sessions.events(turn_id, after)
        ]

    async def say(self, message: str, session_id: str = "s1", **fields: Any) -> Any:
        """Run a turn and return its TurnResult."""
        return await self.sessions.run_turn(ask(message, session_id, **fields))

    def prompts(self) -> list[list[tuple[str, str]]]:
        """Return what the server was sent: role and content of each prompt's messages."""
        return [
            [(m["role"], m["content"]) for m in request.body["messages"]]
            for request in self.upstream.requests
        ]


def ask(message: str | None, session_id: str = "s1", caller: Caller = ALICE, **fields: Any) -> TurnRequest:
    return TurnRequest(caller=caller, session_id=session_id, message=message, **fields)


@asynccontextmanager
async def run_engine(
    settings: EngineSettings | None = None,
    *,
    timeouts: Timeouts | None = None,
    store: SessionStore | None = None,
    context_window: int = 8192,
    kind: Any = "llama.cpp",
    checkpoint_seconds: float = 2.0,
) -> AsyncIterator[Engine]:
    """Start everything, and close it in order."""
    settings = settings or EngineSettings()
    async with FakeUpstream(kind=kind, context_window=context_window) as upstream:
        provider = OpenAICompatibleProvider("main", upstream.url, kind=kind, timeouts=timeouts)
        target = Target("main", provider, upstream.model, "demo", context_window)
        shared_name = new_id()
        coord = create_coord("", shared_name=shared_name)
        await coord.start()
        fake_store = store if isinstance(store, FakeStore) else FakeStore()
        routes = OneTarget(target)
        sessions = SessionManager(
            store or fake_store,
            coord,
            routes,
            replace(settings),
            lock_full=LockQueueFullError,
            lock_timeout=LockTimeoutError,
            local_caller=ALICE,
            checkpoint_seconds=checkpoint_seconds,
        )
        await sessions.start()
        try:
            yield Engine(upstream, fake_store, coord, routes, sessions, provider, shared_name)
        finally:
            await sessions.close()
            await coord.close()
            await provider.close()
