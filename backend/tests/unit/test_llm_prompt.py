"""Counts are exact without extra calls, and the server's cache holds: seen from what the server was sent."""

from __future__ import annotations

from dataclasses import replace

from app.llm.types import EngineSettings
from tests.fakes.engine import Engine, run_engine
from tests.fakes.reply import prompt_pieces
from tests.fakes.upstream import Recorded, Reply


async def converse(engine: Engine, turns: int) -> None:
    for number in range(turns):
        engine.upstream.queue(Reply(text=f"Answer number {number} with several more words in it."))
        result = await engine.say(f"Question number {number}, please.", system_prompt="You are helpful.")
        assert result.outcome.status == "done"


async def test_each_prompt_continues_the_last_one_between_trims() -> None:
    async with run_engine(EngineSettings(max_history_tokens=600)) as engine:
        await converse(engine, 60)
        outcomes = [turn.outcome for turn in engine.store.turns.values()]
        trimmed = [outcome.ledger.trimmed for outcome in outcomes if outcome is not None]
        prompts = engine.prompts()
        for number in range(1, 60):
            if not trimmed[number]:
                assert prompts[number][: len(prompts[number - 1])] == prompts[number - 1]
        assert 1 <= sum(trimmed) <= 6
        assert all(prompt[0] == ("system", "You are helpful.") for prompt in prompts)
        assert all(prompt[1][0] == "user" for prompt in prompts)
        assert max(request.prompt_tokens for request in engine.upstream.requests) <= 600
        sent = sum(request.prompt_tokens for request in engine.upstream.requests)
        cached = sum(request.cached_tokens for request in engine.upstream.requests)
        assert cached / sent > 0.85


async def test_the_count_is_what_the_server_reports() -> None:
    async with run_engine() as engine:
        await converse(engine, 20)
        ledgers = [turn.outcome.ledger for turn in engine.store.turns.values() if turn.outcome is not None]
        errors = [ledger.prompt_tokens_counted - (ledger.prompt_tokens_reported or 0) for ledger in ledgers]
        # The template's overhead is learnt from the replies; after a few turns the count is the server's own figure.
        assert all(abs(error) <= 1 for error in errors[12:]), errors


async def test_only_new_text_is_tokenized() -> None:
    async with run_engine() as engine:
        await converse(engine, 10)
        calls = engine.upstream.tokenize_calls
        assert sorted(calls) == sorted(
            {"You are helpful.", *(f"Question number {i}, please." for i in range(10))}
        )


async def test_without_a_tokenizer_the_estimate_learns() -> None:
    async with run_engine(kind="openai") as engine:
        await converse(engine, 30)
        assert engine.upstream.tokenize_calls == []
        ledgers = [turn.outcome.ledger for turn in engine.store.turns.values() if turn.outcome is not None]
        reported = ledgers[-1].prompt_tokens_reported or 0
        assert abs(ledgers[-1].prompt_tokens_counted - reported) <= 0.02 * reported


async def test_thinking_that_is_not_sent_again_is_not_counted() -> None:
    async with run_engine() as engine:
        for number in range(6):
            engine.upstream.queue(Reply(text="Short.", reasoning=("a long chain of thought " * 20).strip()))
            result = await engine.say(f"Question {number}")
            usage = result.outcome.usage
            assert usage is not None and usage.reasoning_tokens == 100
            assert result.outcome.prefix_tokens == usage.prompt_tokens + usage.completion_tokens - 100
        ledger = result.outcome.ledger
        assert abs(ledger.prompt_tokens_counted - (ledger.prompt_tokens_reported or 0)) <= 4
        assert all("chain" not in content for prompt in engine.prompts() for _, content in prompt)


async def test_a_changed_system_prompt_does_not_reuse_the_old_length() -> None:
    async with run_engine() as engine:
        await converse(engine, 5)
        result = await engine.say("And now?", system_prompt="word " * 300)
        ledger = result.outcome.ledger
        assert abs(ledger.prompt_tokens_counted - (ledger.prompt_tokens_reported or 0)) <= 30
        assert ledger.prompt_tokens_counted > 300


async def test_a_branch_keeps_its_own_anchor() -> None:
    async with run_engine(EngineSettings(max_history_tokens=200)) as engine:
        await converse(engine, 12)
        session = next(iter(engine.store.sessions.values()))
        long_leaf, anchor = session.leaf_id, session.anchor_id
        assert anchor is not None
        early = engine.store.path(session, long_leaf)[3].id
        branch = await engine.say("A branch", parent_id=early)
        assert branch.outcome.anchor_message_id is None
        assert len(engine.prompts()[-1]) == 6
        await engine.say("Back on the long one", parent_id=long_leaf)
        assert engine.prompts()[-1][: len(engine.prompts()[-3])] == engine.prompts()[-3]


async def test_the_ledger_says_what_was_sent_and_dropped() -> None:
    async with run_engine(EngineSettings(max_history_tokens=200), context_window=1024) as engine:
        await converse(engine, 20)
        ledger = next(reversed(engine.store.turns.values())).outcome.ledger  # type: ignore[union-attr]
        assert (ledger.model, ledger.context_window, ledger.budget_tokens) == ("demo", 1024, 200)
        assert ledger.messages_sent == len(engine.prompts()[-1])
        assert ledger.messages_dropped_count == len(ledger.messages_dropped) == 40 - ledger.messages_sent
        assert {row["reason"] for row in ledger.messages_dropped} <= {"budget", "earlier_trim"}
        assert ledger.anchor_message_id is not None
        assert ledger.attempts[0]["target"] == "main" and ledger.attempts[0]["ttft_ms"] >= 0


async def test_the_seeds_limit_by_messages_is_kept_in_whole_turns() -> None:
    async with run_engine() as engine:
        for number in range(12):
            await engine.say(f"m{number}", max_history_messages=6)
        lengths = [len(prompt) - 1 for prompt in engine.prompts()]
        assert lengths == [0, 2, 4, 6, 2, 4, 6, 2, 4, 6, 2, 4]
        await engine.say("all of it again")
        assert len(engine.prompts()[-1]) == 25
        await engine.say("and of this", max_history_messages=2)
        assert len(engine.prompts()[-1]) == 3
        await engine.say("alone", max_history_messages=0)
        assert len(engine.prompts()[-1]) == 1


async def test_the_first_token_does_not_wait_for_the_count() -> None:
    async with run_engine() as engine:
        engine.upstream.tokenize_delay_seconds = 0.2
        result = await engine.say("Hello there, how are you?", system_prompt="You are helpful.")
        assert result.outcome.timings["ttft_ms"] < 150
        ledger = result.outcome.ledger
        assert ledger.prompt_tokens_counted == 4 + 8 + 7 + 8
        assert sorted(engine.upstream.tokenize_calls) == ["Hello there, how are you?", "You are helpful."]


async def test_near_the_budget_the_count_decides() -> None:
    async with run_engine(EngineSettings(max_history_tokens=300)) as engine:
        text = "ab" * 100 + " cd" * 80
        result = await engine.say(text)
        assert result.outcome.ledger.prompt_tokens_counted == 81 + 8
        assert engine.upstream.tokenize_calls == [text]


async def test_the_answer_never_claims_more_than_the_context_still_holds() -> None:
    async with run_engine(EngineSettings(max_tokens=5000), context_window=400) as engine:
        await engine.say("Hello")
        body = engine.upstream.requests[0].body
        assert body["max_tokens"] < 400


async def test_what_a_template_adds_by_itself_has_room_beside_the_longest_answer() -> None:
    def strict(request: Recorded) -> Reply:
        """Refuse what could pass the window, as vLLM; its template has a system prompt of its own."""
        needed = len(prompt_pieces(request.body["messages"])) + 60 + request.body["max_tokens"]
        return Reply(status=400) if needed > 4096 else Reply()

    async with run_engine(EngineSettings(max_tokens=8192), kind="vllm", context_window=4096) as engine:
        engine.upstream.respond = strict
        for _ in range(3):
            said = await engine.say("Hello")
            assert said.error is None
        assert engine.upstream.requests[0].body["max_tokens"] > 3900


async def test_the_window_of_a_server_that_does_not_tell_it_is_learnt() -> None:
    async with run_engine(EngineSettings(max_tokens=60), kind="openai", context_window=300) as engine:
        engine.routes.target = replace(engine.routes.target, context_window=None)
        await converse(engine, 30)
        refused = len(engine.upstream.requests) - 30
        assert refused == 1
        assert max(request.prompt_tokens for request in engine.upstream.requests[refused + 12 :]) <= 240
        ledgers = [turn.outcome.ledger for turn in engine.store.turns.values() if turn.outcome is not None]
        learnt = [ledger for ledger in ledgers if len(ledger.attempts) == 2]
        assert len(learnt) == 1 and learnt[0].attempts[0]["error"] == "context_overflow"
        assert learnt[0].trimmed and learnt[0].context_window == 300
