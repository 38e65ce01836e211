"""The engine's session store on SQLite and PostgreSQL: branches, half-pairs, replays, leases, ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.chat.errors import IdempotencyConflictError, InvalidParentError, InvalidSessionIdError
from app.chat.reaper import Reaper
from app.chat.replica import Replica
from app.chat.repository import MessageRepository, SessionRepository
from app.chat.store import LEASE_SECONDS, SqlSessionStore
from app.chat.tables import MessageRow
from app.chat.turn_repository import _LAST_IN_QUEUE, TurnRepository
from app.coord.factory import create_coord
from app.db.session import Database
from app.kit.ids import new_id
from app.llm.money import Price
from app.llm.ports import EarlierTurnError, UnknownMessageError
from app.llm.turns import TurnContext, TurnOutcome, TurnRecord, TurnRequest
from app.llm.types import Caller, Usage
from app.usage.tables import UsageDay, UsageRow
from app.users.service import UserService


class StoppedClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        self.instant += timedelta(milliseconds=5)
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


@pytest.fixture
async def owner(database: Database) -> Caller:
    user = await UserService(database, min_password_length=12).create("ada@example.org", "a long password!")
    return Caller(user.id)


@pytest.fixture
async def stranger(database: Database) -> Caller:
    user = await UserService(database, min_password_length=12).create("eve@example.org", "a long password!")
    return Caller(user.id)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def store(database: Database, clock: StoppedClock) -> SqlSessionStore:
    return SqlSessionStore(database, clock=clock)


@pytest.fixture
def ask(owner: Caller) -> Callable[..., TurnRequest]:
    def make(message: str | None, **more: object) -> TurnRequest:
        return TurnRequest(**{"caller": owner, "session_id": "maze-7", "message": message, **more})  # type: ignore[arg-type]

    return make


async def answer(store: SqlSessionStore, record: TurnRecord, text: str, status: str = "done") -> TurnContext:
    context = await store.load_context(record.turn_id)
    await store.mark_streaming(record.turn_id, "test-model")
    error = ("upstream_error", "The model server failed.") if status == "failed" else (None, None)
    outcome = TurnOutcome(status=status, content=text, error_code=error[0], error_message=error[1])  # type: ignore[arg-type]
    await store.finish_turn(record.turn_id, outcome)
    return context


def texts(context: TurnContext) -> list[str]:
    return [str(item.message.content) for turn in context.history for item in turn.messages]


async def test_the_history_grows_by_whole_turns(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    for number in range(3):
        context = await answer(store, await store.begin_turn(ask(f"q{number}")), f"a{number}")
    assert texts(context) == ["q0", "a0", "q1", "a1"]
    assert context.new_message.message.content == "q2"


async def test_a_failed_turn_leaves_no_half_pair_and_can_be_tried_again(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], owner: Caller
) -> None:
    await answer(store, await store.begin_turn(ask("q0")), "a0")
    failed = await store.begin_turn(ask("q1"))
    await answer(store, failed, "half an ans", "failed")
    after = await answer(store, await store.begin_turn(ask("q2")), "a2")
    assert texts(after) == ["q0", "a0"]
    history = await store.history(owner, "maze-7")
    assert history is not None
    assert [message.content for message in history] == ["q0", "a0", "q2", "a2"]
    retried = await store.begin_turn(ask(None, regenerate_of=failed.assistant_message_id))
    assert retried.user_message_id == failed.user_message_id
    context = await answer(store, retried, "a1")
    assert texts(context) == ["q0", "a0"]
    assert context.new_message.message.content == "q1"


async def test_a_stopped_answer_with_text_is_history_and_an_empty_one_is_not(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    await answer(store, await store.begin_turn(ask("q0")), "as far as it c", "cancelled")
    await answer(store, await store.begin_turn(ask("q1")), "", "cancelled")
    context = await answer(store, await store.begin_turn(ask("q2")), "a2")
    assert texts(context) == ["q0", "as far as it c"]


async def test_a_waiting_turn_is_attached_when_its_turn_comes(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    first, second = await store.begin_turn(ask("q0")), await store.begin_turn(ask("q1"))
    await answer(store, first, "a0")
    assert texts(await store.load_context(second.turn_id, gives_way=True)) == ["q0", "a0"]


async def test_a_turn_gives_way_to_an_earlier_one_unless_that_seems_dead_and_both_are_kept(
    store: SqlSessionStore, owner: Caller, ask: Callable[..., TurnRequest], clock: StoppedClock
) -> None:
    first, second = await store.begin_turn(ask("q0")), await store.begin_turn(ask("q1"))
    await store.load_context(first.turn_id)
    await store.mark_streaming(first.turn_id, "test-model")
    with pytest.raises(EarlierTurnError):
        await store.load_context(second.turn_id, gives_way=True)
    clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert texts(await store.load_context(second.turn_id, gives_way=True)) == []
    await store.finish_turn(second.turn_id, TurnOutcome("done", content="a1"))
    await store.finish_turn(first.turn_id, TurnOutcome("done", content="a0"))
    history = await store.history(owner, "maze-7")
    assert history is not None and [message.content for message in history] == ["q0", "a0", "q1", "a1"]


async def test_editing_begins_a_branch_and_regenerating_a_sibling(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], database: Database
) -> None:
    first = await store.begin_turn(ask("q0"))
    await answer(store, first, "a0")
    second = await store.begin_turn(ask("q1"))
    await answer(store, second, "a1")
    edited = await store.begin_turn(ask("q1 edited", parent_id=first.assistant_message_id))
    assert texts(await answer(store, edited, "a1 edited")) == ["q0", "a0"]
    rooted = await store.begin_turn(ask("another beginning", parent_id=None))
    assert texts(await answer(store, rooted, "fresh")) == []
    sibling = await store.begin_turn(ask(None, regenerate_of=second.user_message_id))
    assert texts(await answer(store, sibling, "a1 again")) == ["q0", "a0"]
    async with database.reading() as db:
        nodes = await MessageRepository(db).nodes(first.session_pk)
    answers = [node.content for node in nodes.values() if node.parent_id == second.user_message_id]
    assert answers == ["a1", "a1 again"]
    assert nodes[edited.user_message_id].parent_id == first.assistant_message_id
    assert nodes[rooted.user_message_id].parent_id is None


async def test_unknown_and_foreign_messages_are_refused_and_nothing_is_stored(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], stranger: Caller, database: Database
) -> None:
    record = await store.begin_turn(ask("q0"))
    for wrong in (new_id(), "nonsense", "\x00", record.assistant_message_id):
        with pytest.raises(UnknownMessageError):
            await store.begin_turn(ask("q", caller=stranger, parent_id=wrong))
        with pytest.raises(UnknownMessageError):
            await store.begin_turn(ask(None, caller=stranger, regenerate_of=wrong))
    with pytest.raises(InvalidParentError):
        await store.begin_turn(ask("q", parent_id=record.user_message_id))
    assert await store.history(stranger, "maze-7") is None
    async with database.reading() as db:
        assert len(await MessageRepository(db).nodes(record.session_pk)) == 2


async def test_the_same_session_id_of_two_owners_is_two_sessions(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], owner: Caller, stranger: Caller
) -> None:
    mine = await store.begin_turn(ask("mine"))
    theirs = await store.begin_turn(ask("theirs", caller=stranger))
    assert mine.session_pk != theirs.session_pk
    assert texts(await answer(store, theirs, "for them")) == []
    assert await store.clear(stranger, "maze-7") is True
    assert await store.history(owner, "maze-7") == []
    assert await store.clear(stranger, "maze-7") is False


async def test_a_changed_system_prompt_is_used_from_its_turn_on(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    first = await store.begin_turn(ask("q0", system_prompt="Be brief."))
    second = await store.begin_turn(ask("q1", system_prompt="Be long."))
    third = await store.begin_turn(ask("q2"))
    prompts = [(await answer(store, record, "a")).system_prompt for record in (first, second, third)]
    assert prompts == ["Be brief.", "Be long.", "Be long."]


async def test_an_idempotency_key_makes_one_turn_even_when_both_come_at_once(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], stranger: Caller
) -> None:
    same = [ask("q0", idempotency_key="k") for _ in range(8)]
    records = await asyncio.gather(*(store.begin_turn(request) for request in same))
    assert len({record.turn_id for record in records}) == 1
    assert [record.is_replay for record in records].count(False) == 1
    other = await store.begin_turn(ask("q0", caller=stranger, idempotency_key="k"))
    assert other.turn_id != records[0].turn_id
    with pytest.raises(IdempotencyConflictError):
        await store.begin_turn(ask("something else", idempotency_key="k"))
    with pytest.raises(IdempotencyConflictError):
        await store.begin_turn(ask("q0", session_id="elsewhere", idempotency_key="k"))


async def test_first_turns_of_one_session_at_once_make_one_session(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    records = await asyncio.gather(*(store.begin_turn(ask(f"q{number}")) for number in range(12)))
    assert len({record.session_pk for record in records}) == 1


async def test_session_ids_are_checked(store: SqlSessionStore, ask: Callable[..., TurnRequest]) -> None:
    for wrong in ("", "a b", "x" * 129, "nul\x00", "ü"):
        with pytest.raises(InvalidSessionIdError):
            await store.begin_turn(ask("q", session_id=wrong))


async def test_the_anchor_belongs_to_the_branch(
    store: SqlSessionStore, ask: Callable[..., TurnRequest]
) -> None:
    records = [await store.begin_turn(ask("q0"))]
    await answer(store, records[0], "a0")
    records.append(await store.begin_turn(ask("q1")))
    await store.load_context(records[1].turn_id)
    anchored = TurnOutcome(
        status="done",
        content="a1",
        usage=Usage(90, 10),
        anchor_message_id=records[1].user_message_id,
        prefix_tokens=100,
        prefix_key="head",
        user_tokens=7,
        assistant_tokens=9,
    )
    await store.finish_turn(records[1].turn_id, anchored)
    on_branch = await store.load_context((await store.begin_turn(ask("q2"))).turn_id)
    assert on_branch.anchor_message_id == records[1].user_message_id
    last = on_branch.history[-1]
    assert (last.prefix_tokens, last.prefix_key) == (100, "head")
    assert [item.tokens for item in last.messages] == [7, 9]
    elsewhere = await store.begin_turn(ask("q1'", parent_id=records[0].assistant_message_id))
    assert (await store.load_context(elsewhere.turn_id)).anchor_message_id is None


async def test_a_checkpoint_keeps_partials_and_never_overwrites_an_answer(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], database: Database
) -> None:
    running, ended = await store.begin_turn(ask("q0")), await store.begin_turn(ask("q1", session_id="s2"))
    await store.load_context(running.turn_id)
    await answer(store, ended, "whole")
    await store.checkpoint([(running.turn_id, "par\x00tial", "hm"), (ended.turn_id, "late", "")])
    await store.checkpoint([])
    async with database.reading() as db:
        partial = await db.get(MessageRow, running.assistant_message_id)
        whole = await db.get(MessageRow, ended.assistant_message_id)
    assert partial is not None and whole is not None
    assert (partial.content, partial.reasoning) == ("par\ufffdtial", "hm")
    assert whole.content == "whole"


async def test_the_reaper_ends_turns_of_dead_processes_only(
    database: Database, ask: Callable[..., TurnRequest], clock: StoppedClock, owner: Caller
) -> None:
    here = Replica.current()
    dead = Replica(here.host, here.pid, here.started_at - 1000)
    elsewhere = Replica("another-host", 1, 0.0)
    records = {}
    for name, replica in (("dead", dead), ("elsewhere", elsewhere), ("here", here)):
        store = SqlSessionStore(database, replica, clock)
        records[name] = await store.begin_turn(ask(f"q {name}", session_id=name))
        await store.load_context(records[name].turn_id)
        await store.checkpoint([(records[name].turn_id, "as far as", "")])
    coord = create_coord("", shared_name=new_id())
    writer = await coord.logs.open(records["dead"].turn_id)
    writer.append(b'{"content":"as far as"}')
    reaper = Reaper(database, coord, here, clock)
    assert await reaper.sweep() == 1
    events = [event async for event in coord.logs.read(records["dead"].turn_id)]
    assert events[-1].is_last and b'"interrupted"' in events[-1].data
    clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert await reaper.sweep() == 1
    assert await reaper.sweep() == 0
    async with database.reading() as db:
        turns = {name: await TurnRepository(db).get(record.turn_id) for name, record in records.items()}
        answer_row = await db.get(MessageRow, records["dead"].assistant_message_id)
    statuses = {name: owned[0].status for name, owned in turns.items() if owned}
    assert statuses == {"dead": "failed", "elsewhere": "failed", "here": "queued"}
    assert answer_row is not None
    assert (answer_row.content, answer_row.status) == ("as far as", "failed")
    again = SqlSessionStore(database, here, clock)
    assert texts(await answer(again, await again.begin_turn(ask("next", session_id="dead")), "goes on")) == []


async def test_what_a_dead_process_delivered_is_counted_once_and_taken_back_if_it_lives(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], database: Database, clock: StoppedClock
) -> None:
    record = await store.begin_turn(ask("a question"))
    await store.load_context(record.turn_id)
    await store.checkpoint([(record.turn_id, 400 * "word", "")])
    clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    coord = create_coord("", shared_name=new_id())
    reapers = [Reaper(database, coord, Replica(name, 1, 0.0), clock) for name in ("one", "other")]
    for reaper in reapers:
        reaper.price_of = lambda model, caller: Price(output=1_000_000)
    assert sum(await asyncio.gather(*(reaper.sweep() for reaper in reapers))) == 1
    async with database.reading() as db:
        [row] = (await db.scalars(select(UsageRow))).all()
        [day] = (await db.scalars(select(UsageDay))).all()
    assert (row.status, row.error_code, row.completion_tokens) == ("failed", "interrupted", 400)
    assert (row.is_estimated, row.cost_nanos) == (True, 400_000_000_000)
    assert (day.requests, day.errors, day.completion_tokens, day.cost_nanos) == (1, 1, 400, row.cost_nanos)
    await store.finish_turn(record.turn_id, TurnOutcome(status="done", content="late but whole"))
    async with database.reading() as db:
        assert (await db.scalars(select(UsageRow))).all() == []
        assert await db.scalar(select(UsageDay.requests + UsageDay.cost_nanos)) == 0


async def test_a_turn_that_was_only_reaped_may_still_end_well(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], database: Database, clock: StoppedClock
) -> None:
    record = await store.begin_turn(ask("q0"))
    await store.load_context(record.turn_id)
    clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    reaper = Reaper(database, create_coord("", shared_name=new_id()), Replica("other", 1, 0.0), clock)
    assert await reaper.sweep() == 1
    await store.finish_turn(record.turn_id, TurnOutcome(status="done", content="late but whole"))
    await store.finish_turn(record.turn_id, TurnOutcome(status="failed", content="", error_code="x"))
    async with database.reading() as db:
        owned = await TurnRepository(db).get(record.turn_id)
        message = await db.get(MessageRow, record.assistant_message_id)
    assert owned is not None and message is not None
    assert (owned[0].status, owned[0].error_code, message.content) == ("done", None, "late but whole")


async def test_a_turn_of_a_deleted_session_does_not_begin(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], owner: Caller, database: Database
) -> None:
    record = await store.begin_turn(ask("q0"))
    await store.clear(owner, "maze-7")
    with pytest.raises(UnknownMessageError):
        await store.load_context(record.turn_id)
    await store.finish_turn(record.turn_id, TurnOutcome(status="failed"))
    fresh = await store.begin_turn(ask("a new beginning"))
    assert fresh.session_pk != record.session_pk
    async with database.reading() as db:
        session = await SessionRepository(db).find(owner.user_id, "maze-7")
    assert session is not None and session.title == "a new beginning"


async def test_a_session_of_a_thousand_messages_is_read_quickly(
    store: SqlSessionStore, ask: Callable[..., TurnRequest], database: Database, clock: StoppedClock
) -> None:
    record = await store.begin_turn(ask("q0"))
    await answer(store, record, "a0")
    parent_id = record.assistant_message_id
    async with database.transaction() as db:
        for number in range(1000):
            message = MessageRow(
                id=new_id(),
                session_pk=record.session_pk,
                parent_id=parent_id,
                role="user" if number % 2 == 0 else "assistant",
                content=f"message {number} " * 20,
                status="complete",
                created_at=clock.now(),
            )
            db.add(message)
            parent_id = message.id
    branch = await store.begin_turn(ask("the thousand-first", parent_id=parent_id))
    started = time.perf_counter()
    context = await store.load_context(branch.turn_id)
    assert len(context.history) == 501
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_sessions_queue_is_found_by_its_partial_index(database: Database) -> None:
    statement = _LAST_IN_QUEUE.compile(dialect=database.engine.dialect)
    async with database.reading() as db:
        connection = await db.connection()
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("x", 1, 0))
        steps = str(plan.all())
    assert "ix_turns_active" in steps and "TEMP B-TREE" not in steps
