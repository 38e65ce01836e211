"""What was acknowledged is kept here until its answer is out; a request that comes again finds the answer.

A bridge works on what it holds a lease of. When it dies the lease runs out, and another bridge takes the request up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, delete, select, update
from sqlalchemy.exc import IntegrityError

from app.bridge.tables import BridgeRequest
from app.db.session import Database
from app.kit.clock import Clock
from app.kit.ids import new_id

LEASE_SECONDS = 15.0
KEEP_HOURS = 24
_BATCH = 50


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that was checked, before it is stored."""

    user_id: int
    key_id: str
    client: str
    request: str
    payload_hash: str
    ask: dict[str, Any]
    reply: dict[str, Any]
    deadline_seconds: float | None


class Inbox:
    """The table's operations, each its own short transaction."""

    def __init__(self, database: Database, holder: str, clock: Clock) -> None:
        self._database = database
        self._holder = holder
        self._clock = clock

    async def claim(self, new: NewRequest) -> tuple[BridgeRequest, bool]:
        """Store a request; returns its row, and whether it is new. The unique constraint decides between replicas."""
        row = self._row(new)
        try:
            async with self._database.transaction() as session:
                session.add(row)
            return row, True
        except IntegrityError:
            earlier = await self._find(new)
            if earlier is None:
                raise
            return earlier, False

    async def answer(self, request_id: str, answer: dict[str, Any]) -> bool:
        """Store the answer; False when another bridge holds the request by now."""
        return await self._changed(
            self._own(request_id)
            .where(BridgeRequest.state == "waiting")
            .values(state="answered", answer=answer, lease_until=self._lease())
        )

    async def sent(self, request_id: str) -> None:
        """Note that the broker has the answer."""
        await self._changed(self._own(request_id).values(state="done"))

    async def renew(self, request_ids: Sequence[str]) -> None:
        """Keep what this bridge works on; what it failed to finish is left to its lease."""
        if not request_ids:
            return
        held = update(BridgeRequest).where(
            BridgeRequest.holder == self._holder, BridgeRequest.id.in_(request_ids)
        )
        await self._changed(held.values(lease_until=self._lease()))

    async def release(self) -> None:
        """Let others have what this bridge leaves behind, at once."""
        held = update(BridgeRequest).where(
            BridgeRequest.holder == self._holder, BridgeRequest.state != "done"
        )
        await self._changed(held.values(lease_until=self._clock.now() - timedelta(seconds=1)))

    async def take_up(self) -> Sequence[BridgeRequest]:
        """Take over requests whose bridge is gone; what another one took first is left out."""
        now = self._clock.now()
        lost = (BridgeRequest.state != "done", BridgeRequest.lease_until < now)
        async with self._database.reading() as session:
            query = select(BridgeRequest).where(*lost).order_by(BridgeRequest.created_at).limit(_BATCH)
            found = (await session.scalars(query)).all()
        taken = []
        for row in found:
            claim = update(BridgeRequest).where(BridgeRequest.id == row.id, *lost)
            attempts = row.attempts + 1
            values = {"holder": self._holder, "lease_until": self._lease(), "attempts": attempts}
            if await self._changed(claim.values(**values)):
                row.attempts = attempts
                taken.append(row)
        return taken

    async def forget_old(self) -> None:
        """Delete what was answered a day ago."""
        before = self._clock.now() - timedelta(hours=KEEP_HOURS)
        async with self._database.transaction() as session:
            await session.execute(
                delete(BridgeRequest).where(BridgeRequest.state == "done", BridgeRequest.created_at < before)
            )

    def _own(self, request_id: str) -> Update:
        return update(BridgeRequest).where(
            BridgeRequest.id == request_id, BridgeRequest.holder == self._holder
        )

    def _lease(self) -> datetime:
        return self._clock.now() + timedelta(seconds=LEASE_SECONDS)

    def _row(self, new: NewRequest) -> BridgeRequest:
        now = self._clock.now()
        seconds = new.deadline_seconds
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
            created_at=now,
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

    async def _changed(self, statement: Update) -> bool:
        async with self._database.transaction() as session:
            result = await session.execute(statement)
            assert isinstance(result, CursorResult)
            return result.rowcount > 0
