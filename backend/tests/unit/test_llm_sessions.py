"""Turns told event by event: order within a session, branches, resume, replay. A real local server answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.coord.base import LogNotFoundError
from app.llm.errors import (
    SessionBusyError,
)
from app.llm.replay import replay_events
from app.llm.types import EngineSettings, Sampling
from tests.fakes.engine import ALICE, BOB, Engine, ask, run_engine
from tests.fakes.upstream import Reply


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    async with run_engine() as running:
        yield running


async def test_a_turn_is_told_event_by_event(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="Hi you", reasoning="Hm", progress=[0.5, 1.0]))
    record = await engine.sessions.start_turn(ask("Hello", request_id="r1"))
    events = await engine.events(record.turn_id)
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert events[0] == {
        "session_id": "s1",
        "turn_id": record.turn_id,
        "user_message_id": record.user_message_id,
        "assistant_message_id": record.assistant_message_id,
        "number": 1,
    }
    ids = {"session_id": "s1", "turn_id": record.turn_id}
    assert events[1:6] == [
        {"progress": 0.5, "number": 2},
        {"progress": 1.0, "number": 3},
        {"reasoning": "Hm", **ids, "number": 4},
        {"content": "Hi", **ids, "number": 5},
        {"content": " you", **ids, "number": 6},
    ]
    last = events[-1]
    assert (last["done"], last["model"], last["finish_reason"]) == (True, "demo", "stop")
    assert last["usage"] == {
        "prompt_tokens": 8,
        "completion_tokens": 4,
        "total_tokens": 12,
        "cached_tokens": 0,
        "reasoning_tokens": 1,
    }
    assert set(last["timings"]) == {"queued_ms", "ttft_ms", "reasoning_ms", "total_ms", "tokens_per_second"}
    assert engine.store.turns[record.turn_id].status == "done"


async def test_the_turn_is_stored_before_its_terminal_event(engine: Engine) -> None:
    record = await engine.sessions.start_turn(ask("Hello"))
    async for event in engine.sessions.events(record.turn_id):
        if event.is_last:
            outcome = engine.store.turns[record.turn_id].outcome
            assert outcome is not None and outcome.content == "You said: Hello"


async def test_the_thread_is_kept_and_a_changed_system_prompt_takes_effect(engine: Engine) -> None:
    await engine.say("one", system_prompt="Be kind.")
    await engine.say("two")
    await engine.say("three", system_prompt="Be brief.")
    assert engine.prompts()[1] == [
        ("system", "Be kind."),
        ("user", "one"),
        ("assistant", "You said: one"),
        ("user", "two"),
    ]
    assert engine.prompts()[2][0] == ("system", "Be brief.")


async def test_parallel_turns_of_a_session_do_not_interleave(engine: Engine) -> None:
    engine.upstream.default = Reply(chunk_delay_seconds=0.005)
    results = await asyncio.gather(*(engine.say(f"m{i}") for i in range(6)))
    assert engine.upstream.max_active == 1
    history = await engine.sessions.history(ALICE, "s1")
    assert history is not None
    said = [message.content for message in history if message.role == "user"]
    assert said == [f"m{i}" for i in range(6)]
    assert [message.role for message in history] == ["user", "assistant"] * 6
    assert all(result.outcome.content == f"You said: m{i}" for i, result in enumerate(results))


async def test_different_sessions_never_wait_for_each_other(engine: Engine) -> None:
    engine.upstream.queue(Reply(stall_before_first=True))
    slow = await engine.sessions.start_turn(ask("slow", "a"))
    await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
    result = await asyncio.wait_for(engine.say("quick", "b"), 2)
    assert result.outcome.status == "done"
    await engine.sessions.cancel(slow.turn_id)


async def test_the_same_name_of_two_owners_is_two_sessions(engine: Engine) -> None:
    await engine.say("mine", caller=ALICE)
    await engine.say("other", caller=BOB)
    assert engine.prompts()[1] == [("user", "other")]


async def test_too_many_turns_of_a_session_are_refused() -> None:
    async with run_engine(EngineSettings(session_max_queued=2)) as engine:
        engine.upstream.default = Reply(first_delay_seconds=0.1)
        records = [await engine.sessions.start_turn(ask(f"m{i}")) for i in range(3)]
        with pytest.raises(SessionBusyError) as caught:
            await engine.sessions.start_turn(ask("one too many"))
        assert caught.value.retry_after_seconds
        assert engine.store.calls.count("begin_turn") == 3
        results = [await engine.sessions.wait(record.turn_id) for record in records]
        assert [result.outcome.status for result in results] == ["done"] * 3
        assert (await engine.say("now there is room")).outcome.status == "done"


async def test_a_burst_cannot_slip_past_the_bound() -> None:
    async with run_engine(EngineSettings(session_max_queued=1)) as engine:
        engine.upstream.default = Reply(first_delay_seconds=0.05)
        results = await asyncio.gather(*(engine.say(f"m{i}") for i in range(10)), return_exceptions=True)
        assert sum(isinstance(result, SessionBusyError) for result in results) == 8


async def test_a_waiting_turn_is_told_its_place(engine: Engine) -> None:
    engine.upstream.default = Reply(first_delay_seconds=0.05)
    await engine.sessions.start_turn(ask("first"))
    second = await engine.sessions.start_turn(ask("second"))
    events = await engine.events(second.turn_id)
    assert [event["queued"] for event in events if "queued" in event] == [1, 0]


async def test_a_reader_that_comes_back_gets_exactly_the_rest(engine: Engine) -> None:
    engine.upstream.queue(Reply(text="a b c d e f", chunk_delay_seconds=0.01))
    record = await engine.sessions.start_turn(ask("Hello"))
    head = []
    async for event in engine.sessions.events(record.turn_id):
        head.append(event.data)
        if event.number == 3:
            break
    rest = [event.data async for event in engine.sessions.events(record.turn_id, after=3)]
    whole = [event.data async for event in engine.sessions.events(record.turn_id)]
    assert head + rest == whole


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="Grüße 🐸 an alle", reasoning="Lange gedacht", progress=[0.3, 1.0]),
        Reply(cut_after=5),
        Reply(status=429, retry_after="3"),
        Reply(text="", finish_reason="length"),
    ],
)
async def test_the_stored_turn_replays_the_same_bytes(engine: Engine, reply: Reply) -> None:
    engine.upstream.queue(Reply(first_delay_seconds=0.03), reply)
    await engine.sessions.start_turn(ask("first"))
    record = await engine.sessions.start_turn(ask("second", request_id="req-1"))
    live = [(event.number, event.data) async for event in engine.sessions.events(record.turn_id)]
    outcome = engine.store.turns[record.turn_id].outcome
    assert outcome is not None
    for after in range(len(live)):
        assert replay_events(record, outcome, request_id="req-1", after=after) == live[after:]


async def test_a_replay_without_lengths_still_ends(engine: Engine) -> None:
    result = await engine.say("Hello")
    result.outcome.event_lengths = []
    assert len(replay_events(result.record, result.outcome)) == 3
    late = replay_events(result.record, result.outcome, after=57)
    assert [number for number, _ in late] == [58] and b'"done":true' in late[0][1]


async def test_the_same_idempotency_key_is_the_same_turn(engine: Engine) -> None:
    engine.upstream.default = Reply(first_delay_seconds=0.05)
    first, second = await asyncio.gather(
        engine.say("Hello", idempotency_key="k"), engine.say("Hello", idempotency_key="k")
    )
    third = await engine.say("Hello", idempotency_key="k")
    assert first.record.turn_id == second.record.turn_id == third.record.turn_id
    assert third.outcome.content == first.outcome.content == "You said: Hello"
    assert third.outcome.usage == first.outcome.usage
    assert len(engine.upstream.requests) == 1


async def test_an_idempotency_key_of_another_message_is_no_match(engine: Engine) -> None:
    engine.upstream.default = Reply(first_delay_seconds=0.05)
    record = await engine.sessions.start_turn(ask("Hello", idempotency_key="k"))
    with pytest.raises(KeyError):
        await engine.say("Something else", idempotency_key="k")
    other_owner = await engine.say("Something else", idempotency_key="k", caller=BOB)
    assert other_owner.outcome.content == "You said: Something else"
    await engine.sessions.wait(record.turn_id)


async def test_edit_makes_a_branch_and_loses_nothing(engine: Engine) -> None:
    first = await engine.say("one")
    await engine.say("two")
    await engine.say("two, edited", parent_id=first.record.assistant_message_id)
    assert engine.prompts()[2] == [("user", "one"), ("assistant", "You said: one"), ("user", "two, edited")]
    await engine.say("anew", parent_id=None)
    assert engine.prompts()[3] == [("user", "anew")]


async def test_temperature_zero_is_a_value_and_defaults_fill_the_rest(engine: Engine) -> None:
    await engine.say("Hello", sampling=Sampling(temperature=0))
    await engine.say("Hello", sampling=Sampling(top_p=0.1, max_tokens=3))
    assert [request.body["temperature"] for request in engine.upstream.requests] == [0, 0.6]
    assert [request.body["top_p"] for request in engine.upstream.requests] == [0.9, 0.1]
    assert engine.upstream.requests[1].body["max_tokens"] == 3


async def test_without_history_only_this_message_is_sent(engine: Engine) -> None:
    await engine.say("one")
    await engine.say("alone", use_history=False)
    await engine.say("three")
    assert engine.prompts()[1] == [("user", "alone")]
    assert len(engine.prompts()[2]) == 5


async def test_a_log_that_is_gone_is_told(engine: Engine) -> None:
    with pytest.raises(LogNotFoundError):
        await engine.events("no-such-turn")
