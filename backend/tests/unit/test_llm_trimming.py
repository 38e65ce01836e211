"""What is sent stays a prefix of what is sent next, trims are rare, and nothing is cut or parted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.errors import ContextOverflowError
from app.llm.trimming import Budget, Plan, SizedTurn, budget_tokens, plan_prompt
from app.llm.turns import HistoryTurn, StoredMessage
from app.llm.types import ChatMessage, Role


def turn(number: int, tokens: int, roles: tuple[Role, ...] = ("user", "assistant")) -> SizedTurn:
    messages = tuple(
        StoredMessage(f"{role}{number}.{i}", ChatMessage(role, "x")) for i, role in enumerate(roles)
    )
    return SizedTurn(HistoryTurn(messages), tokens)


def plan(
    turns: list[SizedTurn], budget: Budget, anchor: str | None = None, head: int = 10, new: int = 5
) -> Plan:
    return plan_prompt(
        turns, anchor_id=anchor, head_tokens=head, new_tokens=new, new_message_id="new", budget=budget
    )


def first_id(sized: SizedTurn) -> str:
    return sized.turn.messages[0].id


sizes = st.lists(st.integers(min_value=1, max_value=60), max_size=40)
roles = st.sampled_from(
    [
        ("user", "assistant"),
        ("user", "assistant", "tool", "assistant"),
        ("user", "assistant", "tool", "tool", "assistant"),
        ("user",),
        ("assistant",),
        ("tool", "assistant"),
    ]
)


@given(
    st.lists(st.tuples(st.integers(1, 60), roles), max_size=40),
    st.integers(16, 400),
    st.floats(0.1, 0.9),
    st.integers(0, 45),
    st.one_of(st.none(), st.integers(0, 30)),
)
def test_a_plan_keeps_whole_turns_at_the_end_and_fits(
    shapes: list[tuple[int, tuple[Role, ...]]],
    tokens: int,
    low_water: float,
    anchor: int,
    max_messages: int | None,
) -> None:
    turns = [turn(i, size, kinds) for i, (size, kinds) in enumerate(shapes)]
    budget = Budget(tokens, low_water, max_messages=max_messages)
    anchor_id = first_id(turns[anchor]) if anchor < len(turns) else "elsewhere"
    result = plan(turns, budget, anchor_id)
    whole = [sized.turn for sized in turns]
    assert [t for t, _ in result.dropped] + list(result.kept) == whole
    assert result.prompt_tokens <= tokens
    assert result.prompt_tokens == 15 + sum(s.tokens for s in turns if s.turn in result.kept)
    if result.kept:
        assert result.kept[0].messages[0].message.role == "user"
    if max_messages is not None:
        assert sum(len(t.messages) for t in result.kept) <= max_messages
    if result.is_trimmed and max_messages is None and result.kept:
        assert result.prompt_tokens <= tokens * low_water
    if (
        not result.is_trimmed
        and anchor < len(turns)
        and turns[anchor].turn.messages[0].message.role == "user"
    ):
        assert result.kept[0] == turns[anchor].turn
    expected = result.kept[0].messages[0].id if result.kept else "new"
    assert result.anchor_id == (expected if result.dropped else None)


@given(sizes, st.integers(80, 400), st.floats(0.2, 0.8))
def test_prompts_are_append_only_between_trims_and_trims_are_rare(
    lengths: list[int], tokens: int, low_water: float
) -> None:
    """Walk a conversation: without a trim each prompt begins with all of the last one."""
    budget = Budget(tokens, low_water)
    turns: list[SizedTurn] = []
    anchor: str | None = None
    last: tuple[HistoryTurn, ...] = ()
    trims = 0
    for number, length in enumerate(lengths):
        result = plan(turns, budget, anchor)
        if not result.is_trimmed:
            assert result.kept[: len(last)] == last
        trims += result.is_trimmed
        anchor, last = result.anchor_id, result.kept
        # The new turn's user message is the anchor when everything before it was dropped.
        turns.append(turn(number, length))
        if anchor == "new":
            anchor = first_id(turns[-1])
    # Each trim frees at least the space between low water and budget, but for the largest turn's rounding.
    room = max(1, tokens * (1 - low_water) - max(lengths, default=0) - 15)
    assert trims <= sum(lengths) / room + 1


def test_a_sliding_window_would_trim_every_turn_and_this_does_not() -> None:
    budget = Budget(1000, 0.5)
    turns: list[SizedTurn] = []
    anchor, trims = None, 0
    for number in range(200):
        result = plan(turns, budget, anchor)
        trims += result.is_trimmed
        anchor = result.anchor_id
        turns.append(turn(number, 50))
    # 19 turns fill the budget and 9 the low water, so a trim comes every 11 turns.
    assert trims == 17


def test_trimming_is_by_tokens_and_not_by_message_count() -> None:
    many_small = [turn(i, 2) for i in range(100)]
    assert plan(many_small, Budget(1000)).dropped == ()
    few_large = [turn(0, 600), turn(1, 600)]
    result = plan(few_large, Budget(1000))
    assert [t.messages[0].id for t, _ in result.dropped] == ["user0.0", "user1.0"]


def test_history_never_begins_with_an_assistant() -> None:
    result = plan([turn(0, 5, ("assistant",)), turn(1, 5)], Budget(1000))
    assert [reason for _, reason in result.dropped] == ["no_user_message"]
    assert result.kept[0].messages[0].message.role == "user"


def test_a_tool_call_stays_with_its_result() -> None:
    turns = [turn(i, 100, ("user", "assistant", "tool", "assistant")) for i in range(10)]
    result = plan(turns, Budget(700))
    assert all(len(kept.messages) == 4 for kept in result.kept)
    assert len(result.kept) == 3


def test_an_anchor_of_another_branch_counts_as_none() -> None:
    result = plan([turn(0, 5), turn(1, 5)], Budget(100), anchor="user7.0")
    assert len(result.kept) == 2 and result.anchor_id is None


def test_the_exact_prefix_decides_where_it_is_known() -> None:
    turns = [turn(0, 40), turn(1, 40)]
    arguments = {"head_tokens": 10, "new_tokens": 5, "new_message_id": "new", "budget": Budget(100)}
    by_sum = plan_prompt(turns, anchor_id=None, **arguments)  # type: ignore[arg-type]
    exact = plan_prompt(turns, anchor_id=None, exact_prefix_tokens=97, **arguments)  # type: ignore[arg-type]
    assert (by_sum.prompt_tokens, by_sum.is_trimmed) == (95, False)
    assert exact.is_trimmed and exact.prompt_tokens <= 50


def test_what_cannot_fit_is_an_error_with_both_figures() -> None:
    with pytest.raises(ContextOverflowError) as caught:
        plan([turn(0, 5)], Budget(100, context_window=128), head=60, new=70)
    assert caught.value.details == {"prompt_tokens": 130, "budget_tokens": 100, "context_window": 128}
    assert "130" in caught.value.message and "100" in caught.value.message


@pytest.mark.parametrize(
    ("limit", "window", "max_tokens", "expected"),
    [
        (10_000, None, 512, 10_000),
        (10_000, 4096, 512, 3584),
        (1000, 4096, 512, 1000),
        (10_000, 2048, 4096, 1024),
    ],
)
def test_the_budget_leaves_room_for_the_answer(
    limit: int, window: int | None, max_tokens: int, expected: int
) -> None:
    assert budget_tokens(limit, window, max_tokens) == expected
