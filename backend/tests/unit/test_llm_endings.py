"""How turns end: failed, cancelled, late, interrupted. Each ends once, is stored, and says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.llm.errors import (
    ContextOverflowError,
    DeadlineExceededError,
    LLMError,
    StreamInterruptedError,
    UnknownModelError,
)
from app.llm.providers.base import Timeouts
from app.llm.types import EngineSettings
from tests.fakes.engine import Engine, ask, run_engine
from tests.fakes.upstream import Reply


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    async with run_engine() as running:
        yield running


async def test_a_failed_turn_leaves_no_half_pair_and_no_error_text(engine: Engine) -> None:
    await engine.say("one")
    engine.upstream.queue(Reply(status=500, error={"message": "boom"}))
    failed = await engine.say("two")
    assert failed.outcome.status == "failed" and isinstance(failed.error, LLMError)
    assert failed.outcome.content == ""
    await engine.say("three")
    assert engine.prompts()[2] == [("user", "one"), ("assistant", "You said: one"), ("user", "three")]
    events = await engine.events(failed.record.turn_id)
    assert events[-1]["error"]["code"] == "upstream_error" and "boom" in events[-1]["error"]["message"]


async def test_a_failed_turn_keeps_its_partial_and_can_be_retried(engine: Engine) -> None:
    engine.upstream.queue(Reply(cut_after=4))
    failed = await engine.say("Hello")
    assert isinstance(failed.error, StreamInterruptedError)
    assert (failed.outcome.status, failed.outcome.content) == ("failed", "You said:")
    again = await engine.sessions.run_turn(ask(None, regenerate_of=failed.record.assistant_message_id))
    assert again.outcome.content == "You said: Hello"
    assert again.record.user_message_id == failed.record.user_message_id
    assert engine.prompts()[-1] == [("user", "Hello")]


async def test_cancel_keeps_the_partial_and_closes_the_connection_within_a_second(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="word " * 500, chunk_delay_seconds=0.01))
    record = await engine.sessions.start_turn(ask("Tell"))
    async for event in engine.sessions.events(record.turn_id):
        if event.number >= 5:
            break
    stopped_at = time.monotonic()
    assert await engine.sessions.cancel(record.turn_id)
    result = await engine.sessions.wait(record.turn_id)
    assert (result.outcome.status, result.outcome.finish_reason) == ("cancelled", "cancelled")
    assert result.outcome.content.startswith("word word") and result.error is None
    await engine.upstream.wait_until(lambda: bool(engine.upstream.aborted), 1)
    assert (engine.upstream.aborted[0].aborted_at or 0) - stopped_at < 1
    assert (await engine.events(record.turn_id))[-1]["finish_reason"] == "cancelled"
    assert not await engine.sessions.cancel(record.turn_id)
    await engine.say("Go on")
    assert engine.prompts()[-1][1] == ("assistant", result.outcome.content)


async def test_a_turn_that_waits_for_its_session_can_be_cancelled(engine: Engine) -> None:
    engine.upstream.queue(Reply(stall_before_first=True))
    first = await engine.sessions.start_turn(ask("first"))
    second = await engine.sessions.start_turn(ask("second"))
    await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
    await engine.sessions.cancel(second.turn_id)
    assert (await engine.sessions.wait(second.turn_id)).outcome.status == "cancelled"
    await engine.sessions.cancel(first.turn_id)
    assert len(engine.upstream.requests) == 1


async def test_cancel_reaches_the_replica_that_runs_the_turn(engine: Engine) -> None:
    engine.upstream.queue(Reply(stall_before_first=True))
    record = await engine.sessions.start_turn(ask("Hello"))
    await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
    await engine.coord.signals.publish("turn-cancel", record.turn_id.encode())
    result = await asyncio.wait_for(engine.sessions.wait(record.turn_id), 2)
    assert result.outcome.status == "cancelled"


async def test_the_caller_that_leaves_does_not_end_the_turn(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="a b c d e f", chunk_delay_seconds=0.02))
    waiting = asyncio.create_task(engine.sessions.run_turn(ask("Hello")))
    await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    turn_id = next(iter(engine.store.turns))
    assert (await engine.sessions.wait(turn_id)).outcome.content == "a b c d e f"


async def test_a_deadline_drops_what_waits_too_long_unsent() -> None:
    async with run_engine(EngineSettings(max_concurrency=1)) as engine:
        engine.upstream.queue(Reply(stall_before_first=True))
        slow = await engine.sessions.start_turn(ask("slow", "a"))
        await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
        late = await engine.say("late", "b", deadline_seconds=0.05)
        assert isinstance(late.error, DeadlineExceededError)
        behind = await engine.say("behind", "a", deadline_seconds=0.05)
        assert isinstance(behind.error, DeadlineExceededError)
        assert len(engine.upstream.requests) == 1
        await engine.sessions.cancel(slow.turn_id)


async def test_an_unknown_model_is_told_before_anything_is_stored(engine: Engine) -> None:
    with pytest.raises(UnknownModelError):
        await engine.say("Hello", model="gpt-9")
    assert engine.store.calls == []


async def test_a_prompt_too_long_is_an_error_with_both_figures() -> None:
    async with run_engine(EngineSettings(max_history_tokens=100)) as engine:
        result = await engine.say("word " * 200)
        assert isinstance(result.error, ContextOverflowError)
        assert result.error.details is not None
        assert result.error.details["budget_tokens"] == 100 < result.error.details["prompt_tokens"]
        assert engine.upstream.requests == []


async def test_a_database_that_is_away_is_said_and_nothing_hangs(engine: Engine) -> None:
    engine.store.is_down = True
    with pytest.raises(ConnectionError):
        await engine.say("Hello")
    engine.store.is_down = False
    engine.store.down_for = {"load_context"}
    result = await asyncio.wait_for(engine.say("Hello"), 5)
    assert result.outcome.status == "failed" and result.error is not None
    engine.store.down_for = {"finish_turn", "mark_streaming", "checkpoint"}
    result = await asyncio.wait_for(engine.say("Hello"), 5)
    assert result.error is not None and result.error.code == "storage_unavailable"
    assert (await engine.events(result.record.turn_id))[-1]["error"]["code"] == "storage_unavailable"
    engine.store.down_for = set()
    assert (await engine.say("Hello")).outcome.status == "done"


async def test_a_turn_that_came_too_early_lets_the_earlier_one_by(engine: Engine) -> None:
    engine.store.earlier_turns = 2
    result = await asyncio.wait_for(engine.say("Hello"), 5)
    assert result.outcome.status == "done"
    assert engine.store.earlier_turns == 0
    assert engine.store.calls.count("load_context") == 3


async def test_no_turn_waits_for_ever_for_one_that_never_comes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.llm.turn_task._GIVE_WAY_SECONDS", (0.0, 0.0))
    engine.store.earlier_turns = 1000
    assert (await asyncio.wait_for(engine.say("Hello"), 5)).outcome.status == "done"
    assert engine.store.earlier_turns == 998


async def test_running_turns_are_checkpointed() -> None:
    async with run_engine(checkpoint_seconds=0.02) as engine:
        engine.upstream.queue(Reply(text="a b c", stall_after=3))
        record = await engine.sessions.start_turn(ask("Hello"))
        await engine.upstream.wait_until(lambda: (record.turn_id, "a b", "") in engine.store.checkpoints)
        await engine.sessions.cancel(record.turn_id)
        await engine.sessions.wait(record.turn_id)


async def test_closing_ends_running_turns_as_interrupted() -> None:
    async with run_engine() as engine:
        engine.upstream.queue(Reply(text="a b c", stall_after=3))
        record = await engine.sessions.start_turn(ask("Hello"))
        waiting = await engine.sessions.start_turn(ask("behind"))
        async for event in engine.sessions.events(record.turn_id):
            if event.number == 3:
                break
        await engine.sessions.close()
        outcome = engine.store.turns[record.turn_id].outcome
        assert outcome is not None
        assert (outcome.status, outcome.error_code, outcome.content) == ("failed", "interrupted", "a b")
        assert engine.store.turns[waiting.turn_id].status == "failed"
        assert (await engine.events(record.turn_id))[-1]["error"]["code"] == "interrupted"
        with pytest.raises(LLMError):
            await engine.sessions.start_turn(ask("too late"))


async def test_two_stops_at_any_moment_end_a_turn_once(engine: Engine) -> None:
    for pause in range(12):
        engine.upstream.queue(Reply(text="a b c d", chunk_delay_seconds=0.001))
        record = await engine.sessions.start_turn(ask("Hello", f"s{pause}"))
        await asyncio.sleep(pause * 0.001)
        await engine.sessions.cancel(record.turn_id)
        await engine.sessions.cancel(record.turn_id)
        result = await asyncio.wait_for(engine.sessions.wait(record.turn_id), 2)
        assert result.outcome.status in ("cancelled", "done")
        assert sum("done" in event for event in await engine.events(record.turn_id)) == 1
    assert engine.sessions.running == 0


async def test_the_next_candidate_is_tried_before_the_first_content_only(engine: Engine) -> None:
    from app.llm.providers.openai_compatible import OpenAICompatibleProvider
    from app.llm.routing import Target

    dead = OpenAICompatibleProvider("dead", "http://127.0.0.1:9", kind="llama.cpp")
    main = engine.routes.target
    engine.routes.extra = [main]
    engine.routes.target = Target("dead", dead, "x", "demo")
    result = await engine.say("Hello")
    assert result.outcome.status == "done"
    attempts = [(a["target"], a["status"], a.get("error")) for a in result.outcome.ledger.attempts]
    assert attempts == [("dead", "failed", "model_unavailable"), ("main", "done", None)]
    engine.routes.target = main
    engine.upstream.queue(Reply(cut_after=4))
    cut = await engine.say("Hello")
    assert cut.outcome.content == "You said:" and len(cut.outcome.ledger.attempts) == 1
    await dead.close()


async def test_each_wait_of_a_turn_is_a_typed_error() -> None:
    limits = Timeouts(first_token_seconds=0.1, chunk_seconds=0.1)
    async with run_engine(timeouts=limits) as engine:
        engine.upstream.queue(Reply(stall_before_first=True), Reply(stall_after=3))
        for content in ("", "You said"):
            result = await engine.say("Hello")
            assert result.error is not None and result.error.code == "upstream_timeout"
            assert result.outcome.content == content
