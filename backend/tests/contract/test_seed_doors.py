"""The seed's doors: its Python example from a plain script and from eight threads, its routes' module, its names."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.chat.local import LLMClient, LocalPortal
from app.config import DEMO_MODEL, load_settings
from app.llm.errors import LLMError
from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream, threaded_upstream

BACKEND = Path(__file__).resolve().parents[2]

SEED_EXAMPLE = """
from app.services.llm_client import get_session_manager

session_manager = get_session_manager()
response = session_manager.process_message(
    session_id="test_123",
    system_prompt="You are helpful.",
    user_message="Hello!"
)
"""


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with threaded_upstream() as server:
        yield server


@pytest.fixture
def local(upstream: FakeUpstream, tmp_path: Path) -> Iterator[LocalPortal]:
    portal = LocalPortal(load_settings(llm_server_url=upstream.url, portal_data_dir=tmp_path))
    yield portal
    portal.close()


def run_script(code: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a plain script as a person would, from the backend's folder, with settings of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLM_", "PORTAL_"))}
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", textwrap.dedent(code)],
        cwd=BACKEND,
        env={**kept, "PORTAL_ENV_FILE": "", "PORTAL_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_seeds_example_runs_from_a_plain_script(upstream: FakeUpstream, tmp_path: Path) -> None:
    result = run_script(SEED_EXAMPLE + "print(response)", tmp_path, LLM_SERVER_URL=upstream.url)
    assert (result.returncode, result.stdout) == (0, "You said: Hello!\n"), result.stderr
    assert "Traceback" not in result.stderr
    again = run_script(
        SEED_EXAMPLE + "print(len(session_manager.get_session_history('test_123')))",
        tmp_path,
        LLM_SERVER_URL=upstream.url,
    )
    assert again.stdout == "4\n", again.stderr


@pytest.mark.live
def test_the_seeds_example_runs_on_the_real_demo_model_and_leaves_no_process(tmp_path: Path) -> None:
    assert DEMO_MODEL.exists()
    code = (
        SEED_EXAMPLE
        + "import psutil; print([child.pid for child in psutil.Process().children()], bool(response))"
    )
    result = run_script(code, tmp_path)
    assert result.returncode == 0, result.stderr
    pids, _, answered = result.stdout.strip().rpartition(" ")
    assert answered == "True" and pids != "[]"
    assert not any(psutil.pid_exists(int(pid)) for pid in pids.strip("[]").split(","))


def test_a_script_without_a_model_server_is_told_so_and_ends(tmp_path: Path) -> None:
    result = run_script(SEED_EXAMPLE, tmp_path, LLM_SERVER_URL="http://127.0.0.1:9")
    assert result.returncode == 1
    assert "ProviderUnreachableError" in result.stderr


def test_eight_threads_at_once_on_eight_sessions_and_on_one(
    local: LocalPortal, upstream: FakeUpstream
) -> None:
    upstream.default = Reply(first_delay_seconds=0.05)
    barrier = threading.Barrier(8)

    def talk(number: int) -> list[str]:
        barrier.wait()
        own = [local.process_message(f"own-{number}", "Be brief.", f"m{number}.{turn}") for turn in range(3)]
        return [*own, local.process_message("shared", "Be brief.", f"shared {number}")]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(talk, range(8)))
    for number, answers in enumerate(results):
        assert answers == [
            *(f"You said: m{number}.{turn}" for turn in range(3)),
            f"You said: shared {number}",
        ]
        assert len(local.get_session_history(f"own-{number}")) == 6
    shared = [message["content"] for message in local.get_session_history("shared")]
    assert len(shared) == 16
    for question, answer in zip(shared[::2], shared[1::2], strict=True):
        assert answer == f"You said: {question}"
    assert upstream.max_active > 1


async def test_it_works_in_a_thread_with_a_running_event_loop(local: LocalPortal) -> None:
    assert local.process_message("s", "", "from within a loop") == "You said: from within a loop"


def test_every_parameter_of_the_seed_is_taken(local: LocalPortal, upstream: FakeUpstream) -> None:
    for message in ("first", "second", "third"):
        local.process_message("s", "Be brief.", message)
    local.process_message(
        session_id="s",
        system_prompt="Be long.",
        user_message="fourth",
        temperature=0,
        top_p=0.5,
        max_tokens=9,
        use_tools=False,
        use_history=True,
        max_history_messages=4,
    )
    body = upstream.requests[-1].body
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0, 0.5, 9)
    texts = [message["content"] for message in body["messages"]]
    assert texts[0] == "Be long." and texts[-3:] == ["third", "You said: third", "fourth"]
    assert len(texts) <= 1 + 4 + 1 and "first" not in texts
    local.process_message("s", "Be long.", "alone", use_history=False)
    assert [message["content"] for message in upstream.requests[-1].body["messages"]] == ["Be long.", "alone"]


def test_a_stream_comes_in_pieces_and_a_session_is_cleared(local: LocalPortal) -> None:
    pieces = list(local.process_message_stream("s", "", "piece by piece"))
    assert len(pieces) > 1 and "".join(pieces) == "You said: piece by piece"
    assert local.get_session_history("s")[-1] == {"role": "assistant", "content": "You said: piece by piece"}
    local.clear_session("s")
    assert local.get_session_history("s") == []


def test_the_client_asks_without_a_session(local: LocalPortal, upstream: FakeUpstream) -> None:
    client = LLMClient(local)
    messages = [{"role": "user", "content": "hello there"}]
    assert client.chat_completion(messages, temperature=0) == "You said: hello there"
    assert upstream.requests[-1].body["temperature"] == 0
    pieces = list(client.stream(messages))
    assert len(pieces) > 1 and "".join(pieces) == "You said: hello there"
    upstream.queue(Reply(status=500), Reply(status=500))
    with pytest.raises(LLMError):
        client.chat_completion(messages)
    with pytest.raises(LLMError):
        list(client.stream(messages))


def test_leaving_a_stream_of_the_client_stops_the_model(local: LocalPortal, upstream: FakeUpstream) -> None:
    upstream.queue(Reply(text="a b c", stall_after=2))
    stream = LLMClient(local).stream([{"role": "user", "content": "x"}])
    assert next(iter(stream)) == "a"
    stream.close()  # type: ignore[attr-defined]
    for _ in range(100):
        if upstream.aborted:
            return
        threading.Event().wait(0.02)
    pytest.fail("the upstream was not closed")


def test_the_doors_hold_nothing_but_names() -> None:
    import app.routers.llm as routes
    import app.services.llm_client as client
    from app.chat.llm_endpoints import router

    assert set(client.__all__) == {"LLMClient", "SessionManager", "get_session_manager", "get_llm_client"}
    assert client.get_session_manager() is client.get_session_manager()
    assert routes.router is router
