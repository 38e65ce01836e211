"""Two managers on one store and one coordination: what one process does, the other sees; a restart loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio

from tests.fakes.engine import ALICE, Engine, ask, run_engine
from tests.fakes.upstream import Reply


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    async with run_engine() as running:
        yield running


async def test_turns_of_a_session_do_not_interleave_across_replicas(engine: Engine) -> None:
    engine.upstream.default = Reply(chunk_delay_seconds=0.003)
    async with engine.replica() as other:
        managers = [engine.sessions, other]
        await asyncio.gather(*(managers[i % 2].run_turn(ask(f"m{i}")) for i in range(8)))
        assert engine.upstream.max_active == 1
        history = await other.history(ALICE, "s1")
        assert history is not None and [message.role for message in history] == ["user", "assistant"] * 8


async def test_a_reader_on_the_other_replica_gets_every_byte(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="a b c d e", chunk_delay_seconds=0.01))
    async with engine.replica() as other:
        record = await engine.sessions.start_turn(ask("Hello"))
        theirs = [(event.number, event.data) async for event in other.events(record.turn_id)]
        ours = [(event.number, event.data) async for event in engine.sessions.events(record.turn_id)]
        assert theirs == ours and len(ours) > 5
        folded = await other.wait(record.turn_id)
        assert folded.outcome.content == "a b c d e"
        assert folded.outcome.usage == (await engine.sessions.wait(record.turn_id)).outcome.usage
        assert folded.record.assistant_message_id == record.assistant_message_id


async def test_a_stop_on_the_other_replica_ends_the_turn(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="a b c", stall_after=3))
    async with engine.replica() as other:
        record = await engine.sessions.start_turn(ask("Hello"))
        await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
        assert not await other.cancel(record.turn_id)
        result = await asyncio.wait_for(engine.sessions.wait(record.turn_id), 2)
        assert result.outcome.status == "cancelled"


async def test_the_same_key_on_the_other_replica_is_the_same_turn(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="a b c", chunk_delay_seconds=0.02))
    async with engine.replica() as other:
        first, second = await asyncio.gather(
            engine.sessions.run_turn(ask("Hello", idempotency_key="k")),
            other.run_turn(ask("Hello", idempotency_key="k")),
        )
        assert first.record.turn_id == second.record.turn_id
        assert first.outcome.content == second.outcome.content == "a b c"
        assert len(engine.upstream.requests) == 1


async def test_a_restart_loses_no_context(engine: Engine) -> None:
    await engine.say("one", system_prompt="Be kind.")
    await engine.sessions.close()
    async with engine.replica() as after:
        result = await after.run_turn(ask("two"))
        assert result.outcome.status == "done"
        assert engine.prompts()[1] == [*engine.prompts()[0], ("assistant", "You said: one"), ("user", "two")]
        ledger = result.outcome.ledger
        assert ledger.cached_tokens and ledger.prompt_tokens_reported
        assert abs(ledger.prompt_tokens_counted - ledger.prompt_tokens_reported) <= 4


@dataclass
class ForgetfulLocks:
    """Locks whose leases are lost while they are held, as when Redis is away for longer than a lease lasts."""

    is_lost: bool = True

    @asynccontextmanager
    async def hold(
        self, name: str, *, max_waiting: int, wait_seconds: float | None = None
    ) -> AsyncIterator[ForgetfulLocks]:
        yield self


async def test_a_turn_that_lost_its_lock_is_kept_and_says_so(engine: Engine) -> None:
    kept = await engine.say("Hello")
    assert not kept.outcome.ledger.lock_lost
    engine.sessions._turn_task._locks = ForgetfulLocks()
    result = await engine.say("Again")
    assert (result.outcome.status, result.outcome.ledger.lock_lost) == ("done", True)
