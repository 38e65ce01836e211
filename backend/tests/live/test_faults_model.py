"""What a person sees when the model server or the portal dies in the middle of an answer: on the real llama.cpp."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psutil
import pytest

from tests.fakes.upstream import FakeUpstream, Reply
from tests.fixtures.portal import PortalProcess

PULSE_SECONDS = 0.003  # the demo model says about ten tokens in this time


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def embedded(make_portal: Callable[..., PortalProcess]) -> PortalProcess:
    portal = make_portal(LLM_SERVER_URL="")
    _wait_healthy(portal)
    return portal


def _wait_healthy(portal: PortalProcess, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    with portal.client() as client:
        while client.get("/api/llm/health").json()["status"] != "healthy":
            assert time.monotonic() < deadline, "the model did not come (back)"
            time.sleep(0.1)


def _model_process(portal: PortalProcess) -> psutil.Process:
    children = [
        child
        for child in psutil.Process(portal.pid).children(recursive=True)
        if any("app.embedded.child" in part for part in child.cmdline())
    ]
    assert len(children) == 1, children
    return children[0]


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line[6:])


def test_the_model_server_killed_in_mid_answer_is_a_clear_error_and_the_next_turn_works(
    embedded: PortalProcess,
) -> None:
    model = _model_process(embedded)
    with embedded.client(embedded.register()) as client:
        model.send_signal(signal.SIGSTOP)
        body = {"session_id": "fault", "message": "How do I make an API key?"}
        with client.stream("POST", "/api/llm/chat/session/stream", json=body) as stream:
            events = _events(stream.iter_lines())
            text, error = _read_until_killed(model, events)
        assert error is not None, f"the answer ended before the kill: {text!r}"
        assert error["code"] in ("stream_interrupted", "model_unavailable", "upstream_error")
        assert "127.0.0.1" not in error["message"]

        detail = client.get("/api/sessions/fault").json()
        failed = detail["messages"][-1]
        assert failed["status"] == "failed"
        assert failed["content"] == text, "what had come is kept"

        _wait_healthy(embedded)
        answer = client.post("/api/llm/chat/session", json=body | {"message": "Hello!"})
        assert answer.status_code == 200, answer.text
        history = client.get("/api/llm/chat/session/fault/history").json()["messages"]
        assert [message["content"] for message in history][:1] == ["Hello!"], "no half-pair in the history"


def _read_until_killed(
    model: psutil.Process, events: Iterator[dict[str, Any]]
) -> tuple[str, dict[str, Any] | None]:
    """Let the frozen server run in pulses until some text came, kill it, and read what the stream says then."""
    text, pulses = "", 0
    first = next(events)
    assert "turn_id" in first
    seen = threading.Event()

    def pulse() -> None:
        nonlocal pulses
        while not seen.is_set() and pulses < 400:
            os.kill(model.pid, signal.SIGCONT)
            time.sleep(PULSE_SECONDS)
            os.kill(model.pid, signal.SIGSTOP)
            pulses += 1
            seen.wait(0.05)
        os.kill(model.pid, signal.SIGKILL)

    killer = threading.Thread(target=pulse)
    killer.start()
    error = None
    for event in events:
        if event.get("content"):
            text += event["content"]
            seen.set()
        if "error" in event:
            error = event["error"]
    killer.join()
    return text, error


def test_the_portal_killed_in_mid_answer_ends_the_turn_and_the_session_goes_on(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str
) -> None:
    threaded_model.queue(Reply(text="one two three four five six " * 40, chunk_delay_seconds=0.05))
    token = portal.register()
    body = {"session_id": "fault", "message": "count"}
    with (
        portal.client(token) as client,
        client.stream("POST", "/api/llm/chat/session/stream", json=body) as stream,
    ):
        events = _events(stream.iter_lines())
        turn_id = next(events)["turn_id"]
        started = time.monotonic()
        with pytest.raises(httpx.HTTPError):
            for _ in events:  # past a checkpoint of the partial
                if time.monotonic() - started > 4:
                    portal.kill()
    portal.start()
    with portal.client(token) as client:
        turn = _wait_ended(client, turn_id)
        assert turn["status"] == "failed"
        assert turn["error"]["code"] == "interrupted"
        partial = client.get("/api/sessions/fault").json()["messages"][-1]
        assert partial["status"] == "failed"
        assert partial["content"].startswith("one two three"), "the checkpointed partial is kept"
        replayed = list(_events(client.get(f"/api/llm/turns/{turn_id}/events").text.splitlines().__iter__()))
        assert replayed[-1]["error"]["code"] == "interrupted", "a reader who comes back is told the end"
        threaded_model.default = Reply(text="Here again.")
        answer = client.post("/api/llm/chat/session", json=body | {"message": "still there?"})
        assert answer.json()["response"] == "Here again."
    sent = [message["content"] for message in threaded_model.requests[-1].body["messages"]]
    assert sent[-1:] == ["still there?"]
    assert "count" not in sent, "the failed turn is not sent to the model"


def _wait_ended(client: httpx.Client, turn_id: str, seconds: float = 15) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        turn: dict[str, Any] = client.get(f"/api/llm/turns/{turn_id}").raise_for_status().json()
        if turn["status"] not in ("queued", "streaming"):
            return turn
        assert time.monotonic() < deadline, f"the turn of the dead process is still {turn['status']}"
        time.sleep(0.2)


def test_a_slow_model_with_a_client_that_leaves_goes_on_in_a_session_and_is_cancelled_without_one(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str
) -> None:
    threaded_model.default = Reply(text="slow but sure " * 8, chunk_delay_seconds=0.1)
    with portal.client(portal.register()) as client:
        in_session = {"session_id": "left", "message": "go on"}
        with client.stream("POST", "/api/llm/chat/session/stream", json=in_session) as stream:
            turn_id = next(_events(stream.iter_lines()))["turn_id"]
        without = {"messages": [{"role": "user", "content": "go on"}]}
        with client.stream("POST", "/api/llm/chat/stream", json=without) as stream:
            next(event for event in _events(stream.iter_lines()) if event.get("content"))
        left_at = time.monotonic()
        assert _wait_ended(client, turn_id)["status"] == "done"
        aborted = threaded_model.aborted
        assert len(aborted) == 1
        assert aborted[0].aborted_at is not None
        assert aborted[0].aborted_at - left_at < 1.0, "the upstream sees the abort within a second"


BAD_BODIES: list[tuple[str, bytes, str, int]] = [
    (
        "10 MB message",
        b'{"session_id": "s", "message": "' + b"x" * 10_000_000 + b'"}',
        "application/json",
        422,
    ),
    (
        "past the limit",
        b'{"session_id": "s", "message": "' + b"x" * 11_000_000 + b'"}',
        "application/json",
        413,
    ),
    ("binary as JSON", bytes(range(256)) * 64, "application/json", 400),
    ("binary", bytes(range(256)) * 64, "application/octet-stream", 422),
    ("cut JSON", b'{"session_id": "a"', "application/json", 400),
    ("a list", b'["session_id"]', "application/json", 422),
    ("NUL in an id", b'{"session_id": "a\\u0000b", "message": "x"}', "application/json", 422),
    ("no text", b'{"session_id": "a", "message": ""}', "application/json", 422),
    ("temperature 9", b'{"session_id": "a", "message": "x", "temperature": 9}', "application/json", 422),
    ("temperature NaN", b'{"session_id": "a", "message": "x", "temperature": NaN}', "application/json", 422),
]


def test_bad_bodies_are_4xx_in_the_portals_shape_and_nothing_is_stored(
    portal: PortalProcess, threaded_model: FakeUpstream, upstream_url: str
) -> None:
    with portal.client(portal.register()) as client:
        for name, content, content_type, status in BAD_BODIES:
            headers = {"content-type": content_type}
            answer = client.post("/api/llm/chat/session", content=content, headers=headers)
            assert answer.status_code == status, (name, answer.text[:500])
            assert set(answer.json()["error"]) >= {"code", "message", "request_id"}, name
            assert len(answer.content) < 2000, f"{name}: the error repeats the body"
        assert client.get("/api/sessions").json()["items"] == []
        good = client.post("/api/llm/chat/session", json={"session_id": "ok", "message": "still fine?"})
        assert good.status_code == 200
