"""What was acknowledged is kept here until its answer is out; a request that comes again finds the answer.

A bridge works on what it holds a lease of. When it dies the lease runs out, and another bridge takes the request up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Table, Update, bindparam, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from app.bridge.group_commit import GroupCommit
from app.bridge.lines import latest, line_of
from app.bridge.tables import BridgeRequest
from app.db.session import Database
from app.errors import PortalError
from app.kit.clock import Clock
from app.kit.hashing import digest
from app.kit.ids import new_id

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
KEEP_HOURS = 24
TAKEN_AT_ONCE = 50
# That the broker has an answer is noted for many at once: until then the request is sent again after a crash.
_NOTE_SECONDS = 0.25
_TABLE = cast(Table, BridgeRequest.__table__)
_MAX_IDS = 500
_KEY = ("user_id", "client", "request")
# Made once: to put a statement together takes longer than SQLite takes to run it.
_ANSWER = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("of_id"),
        _TABLE.c.holder == bindparam("of_holder"),
        _TABLE.c.state == "waiting",
    )
    .values(state="answered", answer=bindparam("said"), lease_until=bindparam("lease"))
)
# An answer to a state is nobody's any more once a later state of its line has one.
_LATER = aliased(BridgeRequest)
_ANSWER_STATE = _ANSWER.where(
    ~exists().where(
        _LATER.line == _TABLE.c.line,
        _LATER.is_state,
        _LATER.created_at > _TABLE.c.created_at,
        _LATER.created_at < bindparam("latest"),
        _LATER.answer.is_not(None),
    )
)


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that was checked, before it is stored; `came_at` is monotonic."""

    user_id: int
    key_id: str
    client: str
    request: str
    payload_hash: str
    ask: dict[str, Any]
    reply: dict[str, Any]
    deadline_seconds: float | None
    came_at: float
    is_state: bool = False


class Inbox:
    """The table's operations; those of one moment share a transaction."""

    def __init__(self, database: Database, bridge_id: str, process_id: str, clock: Clock) -> None:
        self._database = database
        self._bridge = digest(bridge_id)[:24]
        self._holder = f"{self._bridge}:{digest(process_id)[:24]}"
        self._clock = clock
        self._commits = GroupCommit(database)
        self._sent: list[str] = []
        self._note: asyncio.Task[None] | None = None
        dialect = sqlite if database.is_sqlite else postgresql
        self._insert = dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=_KEY)

    async def claim(self, new: NewRequest) -> tuple[BridgeRequest, bool]:
        """Store a request; returns its row, and whether it is new. The unique constraint decides between replicas."""
        row = self._row(new)
        values = {column.key: getattr(row, column.key) for column in _TABLE.columns}

        async def insert(connection: AsyncConnection) -> bool:
            return _changed(await connection.execute(self._insert, values))

        if await self._commits.run(insert):
            return row, True
        earlier = await self._find(new)
        assert earlier is not None, "what was in the way a moment ago is kept for a day"
        return earlier, False

    async def answer(self, row: BridgeRequest, answer: dict[str, Any]) -> bool:
        """Store the answer; False when another bridge holds the request by now, or a later state was answered."""
        values: dict[str, Any] = {
            "of_id": row.id,
            "of_holder": self._holder,
            "said": answer,
            "lease": self._lease(),
        }
        statement = _ANSWER
        if row.is_state:
            statement, values["latest"] = _ANSWER_STATE, latest(self._clock.now())

        async def store(connection: AsyncConnection) -> bool:
            return _changed(await connection.execute(statement, values))

        return await self._commits.run(store)

    def sent(self, request_id: str) -> None:
        """Note, soon, that the broker has the answer."""
        self._sent.append(request_id)
        if self._note is None or self._note.done():
            self._note = asyncio.create_task(self._note_sent(_NOTE_SECONDS), name="inbox-sent")

    async def close(self) -> None:
        """Write what is noted, and let others have what this bridge leaves behind, at once."""
        if self._note is not None:
            self._note.cancel()
            await asyncio.wait([self._note])
        await self._note_sent(0)
        held = update(BridgeRequest).where(
            BridgeRequest.holder == self._holder, BridgeRequest.state != "done"
        )
        await self._change(held.values(lease_until=self._clock.now() - timedelta(seconds=1)))
        await self._commits.close()

    async def renew(self, request_ids: Sequence[str]) -> None:
        """Keep what this bridge works on; what it failed to finish is left to its lease."""
        if not request_ids:
            return
        held = update(BridgeRequest).where(
            BridgeRequest.holder == self._holder, BridgeRequest.id.in_(request_ids)
        )
        await self._change(held.values(lease_until=self._lease()))

    async def take_up(self, *, with_own_past: bool = False) -> Sequence[BridgeRequest]:
        """Take over requests whose bridge is gone; what another one took first is left out.

        Those of an earlier process of this bridge need no waiting for their leases (`with_own_past`).
        """
        is_left = BridgeRequest.lease_until < self._clock.now()
        if with_own_past:
            is_left |= BridgeRequest.holder.startswith(f"{self._bridge}:") & (
                BridgeRequest.holder != self._holder
            )
        lost = (BridgeRequest.state != "done", is_left)
        async with self._database.reading() as session:
            query = select(BridgeRequest).where(*lost).order_by(BridgeRequest.created_at).limit(TAKEN_AT_ONCE)
            found = (await session.scalars(query)).all()
        taken = []
        for row in found:
            claim = update(BridgeRequest).where(BridgeRequest.id == row.id, *lost)
            attempts = row.attempts + 1
            values = {"holder": self._holder, "lease_until": self._lease(), "attempts": attempts}
            if await self._change(claim.values(**values)):
                row.attempts = attempts
                taken.append(row)
        return taken

    async def forget_old(self) -> None:
        """Delete what was answered a day ago."""
        before = self._clock.now() - timedelta(hours=KEEP_HOURS)
        old = delete(_TABLE).where(_TABLE.c.state == "done", _TABLE.c.created_at < before)
        async with self._database.transaction() as session:
            await session.execute(old)

    def _lease(self) -> datetime:
        return self._clock.now() + timedelta(seconds=LEASE_SECONDS)

    def _row(self, new: NewRequest) -> BridgeRequest:
        now = self._clock.now()
        seconds, session = new.deadline_seconds, new.ask["body"].get("session_id")
        return BridgeRequest(
            id=new_id(),
            user_id=new.user_id,
            key_id=new.key_id,
            client=new.client,
            request=new.request,
            payload_hash=new.payload_hash,
            ask=new.ask,
            reply=new.reply,
            answer=None,
            state="waiting",
            attempts=1,
            holder=self._holder,
            lease_until=self._lease(),
            deadline_at=None if seconds is None else now + timedelta(seconds=seconds),
            line=line_of(new.user_id, session) if isinstance(session, str) else None,
            is_state=new.is_state,
            created_at=now - timedelta(seconds=self._clock.monotonic() - new.came_at),
        )

    async def _find(self, new: NewRequest) -> BridgeRequest | None:
        async with self._database.reading() as session:
            row: BridgeRequest | None = await session.scalar(
                select(BridgeRequest).where(
                    BridgeRequest.user_id == new.user_id,
                    BridgeRequest.client == new.client,
                    BridgeRequest.request == new.request,
                )
            )
            return row

    async def _note_sent(self, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        while self._sent:
            ids = self._sent[:_MAX_IDS]
            done = update(BridgeRequest).where(
                BridgeRequest.holder == self._holder, BridgeRequest.id.in_(ids)
            )
            try:
                await self._change(done.values(state="done"))
            except PortalError as error:  # they stand for sent again after their lease
                logger.warning("sent answers could not be noted: %s", error.message)
            del self._sent[: len(ids)]

    async def _change(self, statement: Update) -> bool:
        async def write(connection: AsyncConnection) -> bool:
            return _changed(await connection.execute(statement))

        return await self._commits.run(write)


def _changed(result: object) -> bool:
    assert isinstance(result, CursorResult)
    return result.rowcount > 0
