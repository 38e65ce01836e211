"""The gate: bounded, fair, with deadlines, and never a lost wake-up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.llm.admission import Admission
from app.llm.errors import DeadlineExceededError, QueueFullError
from app.llm.fair_queue import FairQueue
from app.llm.types import PriorityClass


class ManualClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


classes: st.SearchStrategy[PriorityClass] = st.sampled_from(["player", "chat", "batch"])


@given(st.lists(st.tuples(st.integers(1, 4), classes), max_size=60))
def test_the_order_is_by_class_then_round_robin_then_arrival(pushes: list[tuple[int, PriorityClass]]) -> None:
    queue: FairQueue[int] = FairQueue()
    for number, (user, priority) in enumerate(pushes):
        queue.push(number, user, priority)
    told = list(queue.in_order())
    popped = [item for _ in pushes if (item := queue.pop()) is not None]
    assert told == popped and sorted(popped) == list(range(len(pushes))) and queue.pop() is None
    ranks = [["player", "chat", "batch"].index(pushes[item][1]) for item in popped]
    assert ranks == sorted(ranks)
    for name in ("player", "chat", "batch"):
        of_class = [item for item in popped if pushes[item][1] == name]
        for user in {pushes[item][0] for item in of_class}:
            own = [item for item in of_class if pushes[item][0] == user]
            assert own == sorted(own)
        # Round-robin: before anyone's (n+1)-th, everyone who has an n-th was served it.
        rounds = [
            sum(pushes[x][0] == pushes[item][0] for x in of_class[:i]) for i, item in enumerate(of_class)
        ]
        assert rounds == sorted(rounds)


async def hold(gate: Admission, release: asyncio.Event, **options: object) -> None:
    async with gate.slot(**options):  # type: ignore[arg-type]
        await release.wait()


async def turns_of_the_loop(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_at_most_so_many_at_once_and_a_full_queue_says_when_to_come_back() -> None:
    gate, release = Admission(2, 3, ManualClock()), asyncio.Event()
    tasks = [asyncio.create_task(hold(gate, release, user_id=1)) for _ in range(5)]
    await turns_of_the_loop()
    assert (gate.active, gate.queued) == (2, 3)
    with pytest.raises(QueueFullError) as caught:
        async with gate.slot(user_id=2):
            pass
    assert caught.value.retry_after_seconds is not None and caught.value.retry_after_seconds >= 1
    release.set()
    await asyncio.gather(*tasks)
    assert (gate.active, gate.queued) == (0, 0)


async def test_players_come_first_and_users_take_turns() -> None:
    gate = Admission(1, 100, ManualClock())
    order: list[str] = []

    async def work(name: str, user: int, priority: PriorityClass) -> None:
        async with gate.slot(user_id=user, priority=priority):
            order.append(name)
            await asyncio.sleep(0)

    jobs: list[tuple[str, int, PriorityClass]] = [("first", 9, "chat"), ("a1", 1, "chat"), ("a2", 1, "chat")]
    jobs += [("a3", 1, "chat"), ("b1", 2, "chat"), ("batch", 3, "batch"), ("player", 4, "player")]
    await asyncio.gather(*(work(*job) for job in jobs))
    assert order == ["first", "player", "a1", "b1", "a2", "a3", "batch"]


async def test_who_waits_is_told_the_place_when_it_changes() -> None:
    gate = Admission(1, 100, ManualClock())
    places: dict[str, list[int]] = {"a": [], "b": [], "p": []}
    release = asyncio.Event()
    holder = asyncio.create_task(hold(gate, release, user_id=0))
    await turns_of_the_loop()
    a = asyncio.create_task(hold(gate, release, user_id=1, on_place=places["a"].append))
    b = asyncio.create_task(hold(gate, release, user_id=2, on_place=places["b"].append))
    await turns_of_the_loop()
    p = asyncio.create_task(hold(gate, release, user_id=3, priority="player", on_place=places["p"].append))
    await turns_of_the_loop()
    assert places == {"a": [1, 2], "b": [2, 3], "p": [1]}
    a.cancel()
    await asyncio.gather(a, return_exceptions=True)
    await asyncio.sleep(0.25)
    assert places["b"] == [2, 3, 2]
    release.set()
    await asyncio.gather(holder, b, p)


async def test_what_is_late_is_dropped_unsent() -> None:
    clock = ManualClock()
    gate, release = Admission(1, 100, clock), asyncio.Event()
    holder = asyncio.create_task(hold(gate, release, user_id=0))
    await turns_of_the_loop()
    late = asyncio.create_task(hold(gate, release, user_id=1, deadline=5.0))
    good = asyncio.create_task(hold(gate, release, user_id=2, deadline=50.0))
    await turns_of_the_loop()
    clock.seconds = 10.0
    release.set()
    results = await asyncio.gather(holder, late, good, return_exceptions=True)
    assert isinstance(results[1], DeadlineExceededError) and results[2] is None
    with pytest.raises(DeadlineExceededError):
        async with gate.slot(user_id=1, deadline=9.0):
            pass
    assert (gate.active, gate.queued) == (0, 0)


async def test_a_deadline_is_told_when_it_passes_and_not_when_a_place_is_free() -> None:
    from app.kit.clock import SystemClock

    clock = SystemClock()
    gate, release = Admission(1, 100, clock), asyncio.Event()
    holder = asyncio.create_task(hold(gate, release, user_id=0))
    await turns_of_the_loop()
    with pytest.raises(DeadlineExceededError):
        async with asyncio.timeout(2), gate.slot(user_id=1, deadline=clock.monotonic() + 0.02):
            pass
    assert gate.queued == 0
    release.set()
    await holder


class AdmissionMachine(RuleBasedStateMachine):
    """Arrivals, departures, cancels and the passing of time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.gate = Admission(2, 4, self.clock)
        self.waiting: list[asyncio.Task[None]] = []
        self.inside: dict[asyncio.Task[None], asyncio.Event] = {}

    def settle(self) -> None:
        self.loop.run_until_complete(turns_of_the_loop(6))
        self.waiting = [task for task in self.waiting if not task.done() and task not in self.inside]
        self.inside = {task: event for task, event in self.inside.items() if not task.done()}

    @rule(user=st.integers(1, 3), priority=classes, patience=st.one_of(st.none(), st.integers(100, 300)))
    def arrive(self, user: int, priority: PriorityClass, patience: int | None) -> None:
        deadline = None if patience is None else self.clock.seconds + patience

        async def visit() -> None:
            try:
                async with self.gate.slot(user_id=user, priority=priority, deadline=deadline):
                    task = asyncio.current_task()
                    assert task is not None
                    self.inside[task] = asyncio.Event()
                    await self.inside[task].wait()
            except (QueueFullError, DeadlineExceededError):
                pass

        self.waiting.append(self.loop.create_task(visit()))
        self.settle()

    @precondition(lambda self: self.inside)
    @rule(which=st.integers(0, 5), also_cancel=st.integers(0, 8))
    def leave_while_another_is_cancelled(self, which: int, also_cancel: int) -> None:
        list(self.inside.values())[which % len(self.inside)].set()
        # One turn of the loop lets the leaver grant its place; the cancel then hits the one who was just granted.
        self.loop.run_until_complete(turns_of_the_loop(1))
        if also_cancel < len(self.waiting):
            self.waiting[also_cancel].cancel()
        self.settle()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 8))
    def cancel_a_waiter(self, which: int) -> None:
        self.waiting[which % len(self.waiting)].cancel()
        self.settle()

    @precondition(lambda self: self.inside)
    @rule(which=st.integers(0, 5))
    def cancel_one_inside(self, which: int) -> None:
        list(self.inside)[which % len(self.inside)].cancel()
        self.settle()

    @rule(seconds=st.integers(1, 150))
    def time_passes(self, seconds: int) -> None:
        self.clock.seconds += seconds
        self.settle()

    @invariant()
    def the_books_balance(self) -> None:
        assert self.gate.active == len(self.inside) <= 2
        assert self.gate.queued == len(self.waiting) <= 4
        # No lost wake-up: nobody waits while there is room.
        assert not self.waiting or len(self.inside) == 2

    def teardown(self) -> None:
        for task in [*self.waiting, *self.inside]:
            task.cancel()
        self.settle()
        assert (self.gate.active, self.gate.queued) == (0, 0)
        self.loop.close()


TestAdmissionMachine = AdmissionMachine.TestCase
TestAdmissionMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
