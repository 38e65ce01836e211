"""Responses in the background: answered without their caller, followed and stopped from any replica, ended when theirs dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from typing import Any

from app.chat.replica import Replica
from app.coord.base import Coord, CoordError, CoordUnavailableError, LogNotFoundError, LogWriter
from app.db.session import Database
from app.errors import PortalError, UnavailableError
from app.gateway.conversation_repository import ConversationRepository
from app.gateway.own_background import ResponsesElsewhere
from app.gateway.own_events import OwnEncoder
from app.gateway.own_responses import StoredAt
from app.gateway.own_stream import RESPONSES
from app.gateway.response_events import ResponseEncoder, framed
from app.gateway.response_items import Item
from app.gateway.response_repository import ResponseRepository
from app.gateway.response_work import Encoder, ResponseWork
from app.gateway.service import GatewayService, Passed
from app.gateway.tables import ACTIVE, StoredResponse
from app.kit.clock import Clock
from app.llm.types import Caller, Usage

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
_LEASE = timedelta(seconds=60)
_WATCH_SECONDS = 15.0
_PURGE_SECONDS = 3600.0
_CANCEL_WAIT_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.5
_CANCEL = "response-cancel"
_INTERRUPTED = ("interrupted", "The portal stopped in the middle of this response. Ask again.")
_TOLD = 2  # events that are told before a model is asked: created, queued
_BUG = ("internal_error", "Something went wrong inside the portal; the log has the cause.")


class BackgroundResponses:
    """One for the process; what others work on it finds in the table and in the shared logs."""

    def __init__(
        self,
        gateway: GatewayService,
        database: Database,
        coord: Coord,
        replica: Replica,
        clock: Clock,
        elsewhere: ResponsesElsewhere,
    ) -> None:
        self._elsewhere = elsewhere
        self._gateway = gateway
        self._database = database
        self._coord = coord
        self._replica = replica
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._mine: set[str] = set()
        self._purged_at = float("-inf")
        self._watching: list[asyncio.Task[None]] = []
        self._is_closing = False

    async def start(self) -> None:
        works: list[Coroutine[Any, Any, None]] = [self._watch(), self._hear_cancels()]
        self._watching = [asyncio.create_task(work) for work in works]

    async def close(self) -> None:
        """End what runs here as interrupted."""
        self._is_closing = True
        tasks = [*self._watching, *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start_work(self, work: ResponseWork) -> None:
        """Store a response as queued, and begin with it. Raises PortalError."""
        row = work.row(self._clock.now())
        row.replica_id, row.lease_until = self._replica.id, self._clock.now() + _LEASE
        try:
            log = await self._coord.logs.open(_log_of(work.row_id))
        except CoordUnavailableError as error:
            raise UnavailableError("The shared store is away; ask without background.") from error
        encoder = ResponseEncoder(dict(work.response))
        self._mine.add(work.row_id)  # before others can see it: nobody takes it for one whose process died
        try:
            async with self._database.transaction() as session:
                ResponseRepository(session).add(row)
        except BaseException:
            self._mine.discard(work.row_id)
            await log.finish(encoder.begin()[0])
            raise
        for event in encoder.begin():
            log.append(event)
        task = asyncio.create_task(self._run(work, encoder, log), name="background-response")
        self._running[work.row_id] = task
        task.add_done_callback(lambda _: self._forget(work.row_id))
        await asyncio.sleep(0)  # it has begun: a cancel finds it where it can say how it ends

    async def cancel(self, row_id: str) -> None:
        """Stop one, wherever it runs, and wait a moment for its end."""
        task = self._running.get(row_id)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_WAIT_SECONDS)
            return
        with contextlib.suppress(CoordError):
            await self._coord.signals.publish(_CANCEL, row_id.encode())
        loop = asyncio.get_running_loop()
        until = loop.time() + _CANCEL_WAIT_SECONDS
        while loop.time() < until and await self._is_active(row_id):  # noqa: ASYNC110 - another replica works on it
            await asyncio.sleep(0.05)

    async def events(self, row_id: str, after: int) -> AsyncGenerator[bytes]:
        """Yield the events numbered above `after`: live, or made again when their log is gone."""
        has_said = False
        try:
            async for found in self._coord.logs.read(_log_of(row_id), after=after + 1):
                after, has_said = found.number - 1, True
                yield framed(found.data)
            if has_said:
                return
            # over, perhaps with fewer events than the reader has seen: the last ones went with the process that ran it
        except (LogNotFoundError, CoordUnavailableError):
            pass  # over for long, or run by a process whose log cannot be reached from here
        while await self._is_active(row_id):  # noqa: ASYNC110 - its log tells nothing here
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        row = await self._row(row_id)
        events = replayed(row) if row is not None else []
        is_whole = row is not None and row.pieces is not None
        for event in events[after + 1 :] or ([] if is_whole else events[-1:]):
            yield framed(event)

    async def sweep(self) -> int:
        """End what a replica left behind that is gone; returns how many."""
        async with self._database.reading() as session:
            rows = await ResponseRepository(session).active()
        dead = [row for row in rows if row.id not in self._mine and self._is_dead(row)]
        for row in dead:
            if row.upstream is not None:
                self._adopt(row)
                continue
            encoder = ResponseEncoder(dict(row.response))
            encoder.fail(*_INTERRUPTED)
            async with self._database.transaction() as session:
                await ResponseRepository(session).update(
                    row.id, status="failed", response=encoder.response, lease_until=None
                )
            with contextlib.suppress(CoordError):
                await self._coord.logs.abandon(_log_of(row.id), encoder.last)
        return len(dead)

    async def purge(self) -> None:
        """Remove what is older than it is kept; done once an hour, however often it is asked."""
        if self._clock.monotonic() - self._purged_at < _PURGE_SECONDS:
            return
        self._purged_at = self._clock.monotonic()
        async with self._database.transaction() as session:
            await ResponseRepository(session).delete_before(self._clock.now() - KEPT)

    async def _run(self, work: ResponseWork, encoder: Encoder, log: LogWriter) -> None:
        at: dict[str, str | None] | None = None
        passed: Passed | None = None
        try:
            reshape = partial(work.shape, is_stream=True)
            passed = await self._gateway.open(
                work.principal, "chat/completions", work.sizes, priority="batch", reshape=reshape
            )
            if passed.answer.shape.path == RESPONSES:
                encoder = work.encoder(passed.answer, told=_TOLD)
            # nothing is waited for before the first piece: a stream that never began could not give its place back
            async with aclosing(self._gateway.pieces(passed)) as pieces:
                async for piece in pieces:
                    is_first = encoder.pieces is None
                    if is_first:
                        self._tell(encoder.start(), encoder, log)
                    self._tell(encoder.feed(piece), encoder, log)
                    if is_first:
                        at = work.upstream(encoder, passed.answer.target)
                        started = {**encoder.response, "status": "in_progress"}
                        await self._set(work.row_id, status="in_progress", response=started, upstream=at)
            self._tell(encoder.finish(self._seconds()), encoder, log)
            if at is not None and isinstance(encoder, OwnEncoder) and encoder.is_adrift:
                theirs = await self._elsewhere.ended(StoredAt.of(at))
                self._tell(encoder.conclude(theirs) or encoder.fail(*_INTERRUPTED), encoder, log)
                self._gateway.count_later(passed, encoder.response)
            elif not encoder.has_ended:
                self._tell(encoder.fail(*_INTERRUPTED), encoder, log)
        except asyncio.CancelledError:
            if (
                at is not None
                and passed is not None
                and isinstance(encoder, OwnEncoder)
                and encoder.goes_on_alone
            ):
                if self._is_closing:  # its server goes on; who looks after it next finds its end
                    counted = passed.account.counted
                    told = {**at, "counted": [counted.prompt_tokens, counted.completion_tokens]}
                    await self._set(work.row_id, lease_until=None, upstream=told)
                    return
                encoder.conclude(await self._elsewhere.stopped(StoredAt.of(at)))
                self._gateway.count_later(passed, encoder.response)
            self._tell(encoder.fail(*_INTERRUPTED) if self._is_closing else encoder.cancel(), encoder, log)
        except PortalError as error:
            self._tell(encoder.fail(error.code, error.message), encoder, log)
        except Exception:
            logger.exception("a response in the background failed")
            self._tell(encoder.fail(*_BUG), encoder, log)
        await self._end(work, encoder, log)

    def _adopt(self, row: StoredResponse) -> None:
        """Look after a response whose process died while its server goes on with it."""
        self._mine.add(row.id)
        self._running[row.id] = task = asyncio.create_task(self._follow(row), name="background-response")
        task.add_done_callback(lambda _: self._forget(row.id))

    async def _follow(self, row: StoredResponse) -> None:
        at = StoredAt.read(row.upstream)
        if at is None:
            return
        until = self._clock.now() + _LEASE
        async with self._database.transaction() as session:
            if not await ResponseRepository(session).take_over(row, self._replica.id, until):
                return  # another replica was faster
        encoder = OwnEncoder(dict(row.response), _TOLD)
        try:
            encoder.conclude(await self._elsewhere.ended(at)) or encoder.fail(*_INTERRUPTED)
        except asyncio.CancelledError:
            if self._is_closing:
                await self._set(row.id, lease_until=None)
                return
            encoder.conclude(await self._elsewhere.stopped(at)) or encoder.cancel()
        response = encoder.response
        facts = row.upstream or {}
        caller = Caller(row.user_id, key_id=facts.get("key"))
        counted = Usage(*facts.get("counted", ()))
        self._gateway.count_found(caller, str(facts.get("target")), response, counted)
        await self._set(row.id, row.input, status=response["status"], response=response, lease_until=None)
        with contextlib.suppress(CoordError):
            await self._coord.logs.abandon(_log_of(row.id), encoder.last)

    async def forget_elsewhere(self, row: StoredResponse) -> None:
        """Remove a response that was deleted from its server, too."""
        if (at := StoredAt.read(row.upstream)) is not None:
            await self._elsewhere.delete(at)

    async def _end(self, work: ResponseWork, encoder: Encoder, log: LogWriter) -> None:
        """Store the response, then tell its end: who hears it finds it complete."""
        await self._set(
            work.row_id,
            work.items,
            status=encoder.response["status"],
            response=encoder.response,
            pieces=encoder.pieces if isinstance(encoder, ResponseEncoder) else None,
            lease_until=None,
        )
        with contextlib.suppress(CoordError):
            await log.finish(encoder.last)

    @staticmethod
    def _tell(events: list[bytes], encoder: Encoder, log: LogWriter) -> None:
        """Append events to the log, but for the response's last one, which ends it."""
        for event in events[:-1] if encoder.has_ended else events:
            log.append(event)

    async def _set(self, row_id: str, put_in: Sequence[Item] | None = None, **values: Any) -> None:
        """Store what a response is now; with what was put in when it is over, for its conversation.

        One that another replica took over and brought to its end stays as it is.
        """
        try:
            async with self._database.transaction() as session:
                repository = ResponseRepository(session)
                if put_in is not None and not await repository.is_open(row_id):
                    return
                await repository.update(row_id, **values)
                if put_in is not None:
                    now = self._clock.now()
                    await ConversationRepository(session).take_up(values["response"], put_in, now)
        except PortalError as error:
            logger.warning("a response could not be stored: %s", error.message)

    async def _row(self, row_id: str) -> StoredResponse | None:
        async with self._database.reading() as session:
            return await ResponseRepository(session).get(row_id)

    async def _is_active(self, row_id: str) -> bool:
        row = await self._row(row_id)
        return row is not None and row.status in ACTIVE

    def _forget(self, row_id: str) -> None:
        self._running.pop(row_id, None)
        self._mine.discard(row_id)

    def _is_dead(self, row: StoredResponse) -> bool:
        replica = Replica.parse(row.replica_id)
        if replica is not None and (replica.id == self._replica.id or replica.is_known_dead(self._replica)):
            return True
        return row.lease_until is None or row.lease_until < self._clock.now()

    def _seconds(self) -> int:
        return int(self._clock.now().timestamp())

    async def _watch(self) -> None:
        while True:
            try:
                if running := list(self._running):
                    async with self._database.transaction() as session:
                        await ResponseRepository(session).renew(running, self._clock.now() + _LEASE)
                if ended := await self.sweep():
                    logger.warning("%d responses of a process that died were ended", ended)
                await self.purge()
            except PortalError as error:
                logger.warning("the responses could not be looked at: %s", error.message)
            except Exception:
                logger.exception("looking after the responses failed")
            await asyncio.sleep(_WATCH_SECONDS)

    async def _hear_cancels(self) -> None:
        async with self._coord.signals.listen(_CANCEL) as messages:
            async for row_id in messages:
                if task := self._running.get(row_id.decode()):
                    task.cancel()


def replayed(row: StoredResponse) -> list[bytes]:
    """Return the events of a response that is over, in the pieces and with the numbers that they had."""
    first = {**row.response, "status": "queued", "output": [], "usage": None, "error": None}
    encoder = ResponseEncoder(first)
    events = encoder.begin()
    if row.pieces is not None:
        events += encoder.start()
        events += encoder.replay(row.response["output"], row.pieces)
    return [*events, *encoder.conclude(row.response)]


def _log_of(row_id: str) -> str:
    return f"response-{row_id}"
