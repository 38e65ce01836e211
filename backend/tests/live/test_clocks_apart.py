"""Replicas whose machines' clocks differ: they go by the database's, and no turn that ends well is taken for dead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import app.chat.reaper
import app.chat.store
from app.chat import endings
from app.chat.reaper import Reaper
from app.chat.replica import Replica
from app.chat.store import LEASE_SECONDS, SqlSessionStore
from app.chat.tables import MessageRow
from app.chat.turn_repository import TurnRepository
from app.coord.factory import create_coord
from app.db.clock import DatabaseClock
from app.db.session import Database
from app.kit.ids import new_id
from app.llm.turns import TurnOutcome, TurnRecord, TurnRequest
from app.llm.types import Caller
from app.users.service import UserService
from tests.fixtures.postgresql import PostgresServer

pytestmark = pytest.mark.live

ELSEWHERE = Replica("another-host", 1, 0.0)


class WrongClock:
    """A machine's clock that is ahead; durations are right."""

    def __init__(self, ahead_seconds: float) -> None:
        self._ahead = timedelta(seconds=ahead_seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return time.monotonic()


def _apart(one: DatabaseClock, other: datetime) -> float:
    return abs((one.now() - other).total_seconds())


async def test_the_portal_goes_by_the_clock_of_the_database(database: Database, database_kind: str) -> None:
    wrong = WrongClock(120)
    clock = DatabaseClock(database, wrong)
    assert _apart(clock, wrong.now()) < 5
    await clock.start()
    try:
        right = datetime.now(UTC) if database_kind == "postgresql" else wrong.now()
        assert _apart(clock, right) < 5
    finally:
        await clock.close()


async def test_a_clock_that_cannot_be_set_goes_on_and_is_set_later(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    database, wrong = Database(own_postgres.url("postgres"), tmp_path), WrongClock(120)
    own_postgres.kill()
    clock = DatabaseClock(database, wrong)
    await clock.start()
    assert _apart(clock, wrong.now()) < 5
    await asyncio.to_thread(own_postgres.start)
    await clock.set()
    assert _apart(clock, datetime.now(UTC)) < 5
    await clock.close()
    await database.close()


class Held:
    """Takes the place of a step of a transaction: it says that it was reached, and goes on when it is let."""

    def __init__(self, step: Callable[..., Awaitable[None]]) -> None:
        self.is_reached, self._may_go = asyncio.Event(), asyncio.Event()
        self._step = step

    async def __call__(self, *arguments: Any) -> None:
        self.is_reached.set()
        await self._may_go.wait()
        await self._step(*arguments)

    async def release_once_another_waits(self, server: PostgresServer, other: asyncio.Task[Any]) -> None:
        """Let it go when another transaction stands at a lock (or is through: then nothing kept it)."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        give_up_at = time.monotonic() + 10
        while not other.done() and await asyncio.to_thread(server.query, query) == "0":
            assert time.monotonic() < give_up_at, "nobody came"
        self._may_go.set()


@pytest.fixture
async def owner(database: Database) -> Caller:
    user = await UserService(database, min_password_length=12).create("ada@example.org", "a long password!")
    return Caller(user.id)


@pytest.fixture
async def turn(database: Database, owner: Caller) -> TurnRecord:
    """A turn that this process streams."""
    store = SqlSessionStore(database)
    record = await store.begin_turn(TurnRequest(caller=owner, session_id="maze-7", message="Which way?"))
    await store.load_context(record.turn_id)
    await store.mark_streaming(record.turn_id, "test-model")
    return record


@pytest.fixture
def reaper(database: Database) -> Reaper:
    """That of a replica whose clock is so far ahead that every lease seems to be over."""
    wrong = WrongClock(LEASE_SECONDS + 90)
    return Reaper(database, create_coord("", shared_name=new_id()), ELSEWHERE, wrong)


async def _ended(database: Database, record: TurnRecord) -> tuple[str, str | None, str, str]:
    async with database.reading() as db:
        owned = await TurnRepository(db).get(record.turn_id)
        answer = await db.get(MessageRow, record.assistant_message_id)
    assert owned is not None and answer is not None
    return owned[0].status, owned[0].error_code, answer.status, answer.content


WELL = ("done", None, "complete", "To the left.")
DONE = TurnOutcome(status="done", content="To the left.")


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_turn_that_is_ending_well_is_not_taken_for_dead(
    database: Database,
    turn: TurnRecord,
    reaper: Reaper,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Held(endings.store_answer)
    monkeypatch.setattr(app.chat.store, "store_answer", held)
    finishing = asyncio.create_task(SqlSessionStore(database).finish_turn(turn.turn_id, DONE))
    await held.is_reached.wait()
    sweeping = asyncio.create_task(reaper.sweep())
    await held.release_once_another_waits(postgres_server, sweeping)
    await finishing
    assert await sweeping == 0
    assert await _ended(database, turn) == WELL


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_turn_that_ends_well_while_it_is_taken_for_dead_has_ended_well(
    database: Database,
    turn: TurnRecord,
    reaper: Reaper,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Held(endings.attach)
    monkeypatch.setattr(app.chat.reaper, "attach", held)
    sweeping = asyncio.create_task(reaper.sweep())
    await held.is_reached.wait()
    finishing = asyncio.create_task(SqlSessionStore(database).finish_turn(turn.turn_id, DONE))
    await held.release_once_another_waits(postgres_server, finishing)
    assert await sweeping == 1
    await finishing
    assert await _ended(database, turn) == WELL


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_wrong_clock_ends_no_running_turn(database: Database, turn: TurnRecord) -> None:
    clock = DatabaseClock(database, WrongClock(LEASE_SECONDS + 90))
    await clock.set()
    reaper = Reaper(database, create_coord("", shared_name=new_id()), ELSEWHERE, clock)
    assert await reaper.sweep() == 0
    assert (await _ended(database, turn))[0] == "streaming"
