"""The synchronous face: from plain code, from many threads, from a thread with a running loop; it blocks only its caller."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.coord.base import LockQueueFullError, LockTimeoutError
from app.coord.factory import create_coord
from app.kit.ids import new_id
from app.llm.background import BackgroundSessionManager, OpenedEngine
from app.llm.errors import LLMError, SessionBusyError
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.routing import Target
from app.llm.sessions import SessionManager
from app.llm.types import EngineSettings
from tests.fakes.engine import ALICE, OneTarget, run_engine
from tests.fakes.store import FakeStore
from tests.fakes.upstream import FakeUpstream, Reply, threaded_upstream

BACKEND = Path(__file__).resolve().parents[2]


def opener(url: str, store: FakeStore, opened: list[int] | None = None):  # type: ignore[no-untyped-def]
    async def open_engine() -> OpenedEngine:
        if opened is not None:
            opened.append(threading.get_ident())
        provider = OpenAICompatibleProvider("main", url, kind="llama.cpp")
        coord = create_coord("", shared_name=new_id())
        await coord.start()
        sessions = SessionManager(
            store,
            coord,
            OneTarget(Target("main", provider, "fake-model", "demo", 8192)),
            EngineSettings(session_max_queued=20),
            lock_full=LockQueueFullError,
            lock_timeout=LockTimeoutError,
        )
        await sessions.start()

        async def close() -> None:
            await sessions.close()
            await coord.close()
            await provider.close()

        return OpenedEngine(sessions, ALICE, close)

    return open_engine


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with threaded_upstream() as server:
        yield server


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def manager(upstream: FakeUpstream, store: FakeStore) -> Iterator[BackgroundSessionManager]:
    background = BackgroundSessionManager(opener(upstream.url, store))
    yield background
    background.close()


def test_the_seeds_call(manager: BackgroundSessionManager, upstream: FakeUpstream) -> None:
    answer = manager.process_message(
        session_id="test_123", system_prompt="You are helpful.", user_message="Hello!", temperature=0
    )
    assert answer == "You said: Hello!"
    assert upstream.requests[0].body["temperature"] == 0
    assert manager.get_session_history("test_123") == [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": "You said: Hello!"},
    ]
    assert manager.clear_session("test_123") is True
    assert manager.clear_session("test_123") is False
    assert manager.get_session_history("test_123") == []


def test_a_stream_of_pieces(manager: BackgroundSessionManager) -> None:
    assert list(manager.process_message_stream("s", None, "Hi")) == ["You", " said", ":", " Hi"]


def test_leaving_a_stream_cancels_the_turn(
    manager: BackgroundSessionManager, upstream: FakeUpstream, store: FakeStore
) -> None:
    upstream.queue(Reply(text="word " * 500, chunk_delay_seconds=0.01))
    for _ in manager.process_message_stream("s", None, "Hi"):
        break
    deadline = time.monotonic() + 2
    while not upstream.aborted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert upstream.aborted
    assert manager.process_message("s", None, "Still there?") == "You said: Still there?"
    assert next(iter(store.turns.values())).status == "cancelled"


def test_a_failure_is_raised_and_is_no_answer(
    manager: BackgroundSessionManager, upstream: FakeUpstream
) -> None:
    upstream.queue(Reply(status=500), Reply(cut_after=3))
    with pytest.raises(LLMError) as caught:
        manager.process_message("s", None, "Hi")
    assert caught.value.code == "upstream_error"
    pieces = []
    with pytest.raises(LLMError):
        for piece in manager.process_message_stream("s", None, "Hi"):
            pieces.append(piece)
    assert pieces == ["You", " said"]
    assert manager.get_session_history("s") == []


def test_eight_threads_at_once_share_one_engine(upstream: FakeUpstream, store: FakeStore) -> None:
    upstream.default = Reply(chunk_delay_seconds=0.002)
    opened: list[int] = []
    manager = BackgroundSessionManager(opener(upstream.url, store, opened))

    def talk(thread: int) -> list[str]:
        return [manager.process_message(f"s{thread}", None, f"{thread} {turn}") for turn in range(5)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(talk, range(8)))
    assert answers == [[f"You said: {thread} {turn}" for turn in range(5)] for thread in range(8)]
    assert len(opened) == 1 and opened[0] != threading.get_ident()
    assert upstream.max_active > 1
    manager.close()


def test_eight_threads_in_one_session_do_not_interleave(
    manager: BackgroundSessionManager, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(chunk_delay_seconds=0.002)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: manager.process_message("one", None, f"m{i}"), range(8)))
    history = manager.get_session_history("one")
    assert [message["role"] for message in history] == ["user", "assistant"] * 8
    pairs = zip(history[::2], history[1::2], strict=True)
    assert all(answer["content"] == f"You said: {asked['content']}" for asked, answer in pairs)
    assert upstream.max_active == 1


def test_it_works_in_a_thread_with_a_running_loop(manager: BackgroundSessionManager) -> None:
    async def inside() -> str:
        return manager.process_message("s", None, "Hello")

    assert asyncio.run(inside()) == "You said: Hello"


def test_after_a_failed_opening_the_next_call_tries_again(upstream: FakeUpstream, store: FakeStore) -> None:
    good = opener(upstream.url, store)
    tries: list[int] = []

    async def open_engine() -> OpenedEngine:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("the database is away")
        return await good()

    manager = BackgroundSessionManager(open_engine)
    with pytest.raises(ConnectionError):
        manager.process_message("s", None, "Hello")
    assert manager.process_message("s", None, "Hello") == "You said: Hello"
    manager.close()
    assert manager.process_message("s", None, "Again") == "You said: Again"
    manager.close()


async def test_the_portals_own_manager_serves_other_threads_and_refuses_its_loop() -> None:
    async with run_engine() as engine:
        answer = await asyncio.to_thread(engine.sessions.process_message, "s", None, "From a thread")
        assert answer == "You said: From a thread"
        with pytest.raises(RuntimeError, match="run_turn"):
            engine.sessions.process_message("s", None, "From the loop itself")


async def test_a_busy_session_is_told() -> None:
    async with run_engine(EngineSettings(session_max_queued=0)) as engine:
        engine.upstream.queue(Reply(stall_before_first=True))
        slow = asyncio.create_task(engine.say("slow"))
        await engine.upstream.wait_until(lambda: bool(engine.upstream.requests))
        with pytest.raises(SessionBusyError):
            await asyncio.to_thread(engine.sessions.process_message, "s1", None, "Now")
        await engine.sessions.cancel(next(iter(engine.store.turns)))
        await slow


SCRIPT = """
    import sys, threading
    from tests.unit.test_llm_sync_face import opener, BackgroundSessionManager, FakeStore
    manager = BackgroundSessionManager(opener(sys.argv[1], FakeStore()))
    print(manager.process_message("s", "You are helpful.", "Hello"), flush=True)
    {ending}
"""


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        # A worker thread that is no daemon ends only when the engine is closed (as a database driver's does).
        "threading.Thread(target=manager._thread.join).start()",
    ],
)
def test_a_plain_script_exits_cleanly(upstream: FakeUpstream, ending: str) -> None:
    script = textwrap.dedent(SCRIPT).format(ending=ending)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script, upstream.url],
        cwd=BACKEND,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "You said: Hello\n", "")
    assert time.monotonic() - started < 30


@pytest.fixture
def own_ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background, which leaves SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_ctrl_c")
def test_ctrl_c_cancels_the_turn(upstream: FakeUpstream, store: FakeStore) -> None:
    manager = BackgroundSessionManager(opener(upstream.url, store))
    manager.process_message("s", None, "Hello")
    upstream.queue(Reply(text="a b c", stall_after=3))
    main = threading.get_ident()
    threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        manager.process_message("s", None, "Long")
    manager.close()
    assert [turn.status for turn in store.turns.values()] == ["done", "cancelled"]
