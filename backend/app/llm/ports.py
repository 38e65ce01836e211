"""What the engine needs from outside, as Protocols; `chat` (database) and `coord` (memory, Redis) fit them by shape."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from app.llm.providers.registry import OwnRoute
from app.llm.turns import HistoryMessage, TurnContext, TurnOutcome, TurnRecord, TurnRequest, TurnResult
from app.llm.types import Caller, Chunk, CompletionRequest


class EarlierTurnError(Exception):
    """A turn came to its session's lock before one that was stored earlier, by another replica."""


class SessionStore(Protocol):
    """Where sessions and turns live. Each call is one short transaction; every look-up is by owner."""

    async def begin_turn(self, request: TurnRequest) -> TurnRecord:
        """Store the user message and a queued turn (making the session if needed), or return the turn of the same key.

        Raises UnknownMessageError (a KeyError) when `parent_id` or `regenerate_of` is not of this owner's session.
        """
        ...

    async def load_context(self, turn_id: str, *, gives_way: bool = False) -> TurnContext:
        """Read the branch of a turn. Called while the session's lock is held, so earlier turns have ended.

        For a request whose `parent_id` was UNSET this is where the new message is attached to the active leaf
        (it may have moved while the turn waited).

        Raises:
            EarlierTurnError: `gives_way`, and a turn that was stored before this one is not over; nothing was changed.
        """
        ...

    async def load_images(self, caller: Caller, image_ids: Sequence[str]) -> Mapping[str, str]:
        """Read the owner's images that stored messages refer to (see `llm.images`), as data URLs by id."""
        ...

    async def mark_streaming(self, turn_id: str, model: str) -> None: ...

    async def checkpoint(self, partials: Sequence[tuple[str, str, str]]) -> None:
        """Save `(turn_id, content, reasoning)` of running turns, and renew their leases, in one transaction."""
        ...

    async def finish_turn(self, turn_id: str, outcome: TurnOutcome) -> None:
        """Store the answer, the ledger and the new leaf; a failed turn keeps its text apart from the model's history."""
        ...

    async def history(self, caller: Caller, session_id: str) -> list[HistoryMessage] | None:
        """Return the active branch's complete messages, or None when the owner has no such session."""
        ...

    async def clear(self, caller: Caller, session_id: str) -> bool:
        """Delete the session; False when there was none."""
        ...


class TurnEngine(Protocol):
    """What answers in sessions, as its synchronous face asks it: `sessions.SessionManager`."""

    async def start_turn(self, request: TurnRequest) -> TurnRecord: ...

    async def wait(self, turn_id: str, record: TurnRecord | None = None) -> TurnResult: ...

    def events(self, turn_id: str, after: int = 0) -> AsyncIterator[LogEvent]: ...

    async def cancel(self, turn_id: str) -> bool: ...

    async def history(self, caller: Caller, session_id: str) -> list[HistoryMessage] | None: ...

    async def clear(self, caller: Caller, session_id: str) -> bool: ...


class UnknownMessageError(KeyError):
    """A message id that is not in this owner's session."""


class Lease(Protocol):
    @property
    def is_lost(self) -> bool: ...


class Locks(Protocol):
    def hold(
        self, name: str, *, max_waiting: int, wait_seconds: float | None = None
    ) -> AbstractAsyncContextManager[Lease]: ...


class LogWriter(Protocol):
    def append(self, data: bytes) -> int: ...

    async def finish(self, data: bytes) -> int: ...


class LogEvent(Protocol):
    @property
    def number(self) -> int: ...

    @property
    def data(self) -> bytes: ...

    @property
    def is_last(self) -> bool: ...


class EventLogs(Protocol):
    async def open(self, log_id: str) -> LogWriter: ...

    def read(self, log_id: str, *, after: int = 0) -> AsyncIterator[LogEvent]: ...


class Signals(Protocol):
    async def publish(self, topic: str, payload: bytes) -> None: ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class Coordination(Protocol):
    """The part of `coord` that the engine uses."""

    @property
    def locks(self) -> Locks: ...

    @property
    def logs(self) -> EventLogs: ...

    @property
    def signals(self) -> Signals: ...


class ProviderHealth(Protocol):
    @property
    def is_healthy(self) -> bool: ...

    @property
    def latency_ms(self) -> float: ...

    @property
    def message(self) -> str: ...


class Provider(Protocol):
    """An adapter to one model server."""

    name: str

    def stream(self, request: CompletionRequest) -> AsyncGenerator[Chunk]:
        """Yield the answer's chunks; closing the iterator closes the upstream connection. Raises LLMError."""
        ...

    def has_own(self, route: OwnRoute) -> bool:
        """Whether the server has a route besides chat completions, on which it is asked as a request came."""
        ...

    async def ask_own(self, method: str, path: str) -> Any:
        """Send a short request without a body on such a route, and return its JSON. Raises LLMError."""
        ...

    def relay(
        self,
        path: str,
        body: dict[str, Any],
        *,
        is_stream: bool,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Send a body in OpenAI's format and yield the answer's bytes; closing the iterator closes the connection.

        On a route of the server's own `headers` go along.

        Raises LLMError: before the first byte for a refusal, later for a stream that breaks.
        """
        ...

    async def count_tokens(self, text: str, model: str) -> int | None:
        """Count by the server's own tokenizer, or None where it has none."""
        ...

    async def models(self) -> list[dict[str, Any]]:
        """List `{id, context_window|None, can_see}`; raises LLMError."""
        ...

    async def check_health(self) -> ProviderHealth:
        """Ask the server, never raise."""
        ...

    async def close(self) -> None: ...
