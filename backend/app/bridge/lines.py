"""What the inbox knows of sessions: who spoke in them, and which of a game's states is the newest. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, exists, func, select

from app.bridge.tables import BridgeRequest
from app.db.session import Database
from app.kit.hashing import digest

_PAGE = 1_000
_CLOCKS_APART = timedelta(seconds=5)
_TABLE = cast(Table, BridgeRequest.__table__)


def line_of(user_id: int, session: str) -> str:
    """Return what all requests of a session share."""
    return digest(f"{user_id}/{session}")[:32]


def latest(now: datetime) -> datetime:
    """Return how late a state can be: one that is later came before the clock was put back, and is older than all others."""
    return now + _CLOCKS_APART


class Lines:
    """For as long as the inbox remembers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_superseded(self, row: BridgeRequest, now: datetime) -> bool:
        """Tell whether a later state of its line came, to this bridge or another."""
        later = select(
            exists().where(
                BridgeRequest.line == row.line,
                BridgeRequest.is_state,
                BridgeRequest.created_at > row.created_at,
                BridgeRequest.created_at < latest(now),
            )
        )
        async with self._database.reading() as session:
            return bool((await session.execute(later)).scalar_one())

    async def speakers_of(self, user_id: int, session: str, limit: int) -> Sequence[BridgeRequest]:
        """Return the last request of each client that spoke in a session; the latest last."""
        latest = func.max(BridgeRequest.created_at)
        of_line = BridgeRequest.line == line_of(user_id, session)
        clients = select(BridgeRequest.client, latest.label("at")).where(of_line)
        newest = clients.group_by(BridgeRequest.client).order_by(latest.desc()).limit(limit).subquery()
        is_newest = (newest.c.client == BridgeRequest.client) & (newest.c.at == BridgeRequest.created_at)
        query = select(BridgeRequest).join(newest, is_newest).where(of_line)
        async with self._database.reading() as reading:
            return (await reading.scalars(query.order_by(BridgeRequest.created_at))).all()

    async def sessions_of(self, client: str) -> set[tuple[int, str]]:
        """Return owner and name of each session that was spoken to as `client`, as far as the inbox remembers."""
        found: set[tuple[int, str]] = set()
        after = ""
        while True:
            query = select(_TABLE.c.id, _TABLE.c.user_id, _TABLE.c.ask)
            query = query.where(_TABLE.c.client == client, _TABLE.c.id > after)
            async with self._database.reading() as session:
                rows = (await session.execute(query.order_by(_TABLE.c.id).limit(_PAGE))).all()
            names = [(row.user_id, row.ask["body"].get("session_id")) for row in rows]
            found |= {(user_id, name) for user_id, name in names if isinstance(name, str)}
            if len(rows) < _PAGE:
                return found
            after = rows[-1].id
