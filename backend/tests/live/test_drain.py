"""A portal that is told to stop finishes what is under way, for as long as PORTAL_DRAIN_SECONDS allows."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from tests.fakes.reply import Reply
from tests.fakes.upstream import FakeUpstream
from tests.fixtures.portal import PortalProcess

pytestmark = pytest.mark.live

WORDS = "one two three four five six seven eight nine ten"


def _stopped_in_the_midst(
    portal: PortalProcess, model: FakeUpstream, path: str, body: dict[str, object], token: str
) -> str:
    """Ask for a stream, tell the portal to stop once it has begun, and return all of it."""
    model.queue(Reply(text=WORDS, chunk_delay_seconds=0.1))
    lines, stopping = [], threading.Thread(target=portal.stop)
    with (
        contextlib.suppress(httpx.RemoteProtocolError),
        portal.client(token) as client,
        client.stream("POST", path, json=body) as answer,
    ):
        for line in answer.iter_lines():
            lines.append(line)
            if "two" in line:
                stopping.start()
    stopping.join()
    return "\n".join(lines)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_stream_that_is_under_way_is_finished(
    make_portal: Callable[..., PortalProcess], upstream_url: str, threaded_model: FakeUpstream
) -> None:
    portal = make_portal(PORTAL_DRAIN_SECONDS="20", REGISTRATION="open")
    token = portal.register()
    body = {"session_id": "maze-7", "message": "count"}
    began = time.monotonic()
    said = _stopped_in_the_midst(portal, threaded_model, "/api/llm/chat/session/stream", body, token)
    events = [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: ")]
    assert events[-1]["done"] and "error" not in events[-1]
    assert "".join(event.get("content", "") for event in events).strip() == WORDS
    assert time.monotonic() - began < 15, "it waited for longer than the answer took"
    portal.start()
    with portal.client(portal.sign_in("ada@example.org")) as client:
        history = client.get("/api/llm/chat/session/maze-7/history").json()["messages"]
    assert history[-1]["content"].strip() == WORDS


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_takes_longer_is_ended_with_what_it_has(
    make_portal: Callable[..., PortalProcess], upstream_url: str, threaded_model: FakeUpstream
) -> None:
    portal = make_portal(PORTAL_DRAIN_SECONDS="0", REGISTRATION="open")
    body = {"session_id": "maze-7", "message": "count"}
    began = time.monotonic()
    token = portal.register()
    said = _stopped_in_the_midst(portal, threaded_model, "/api/llm/chat/session/stream", body, token)
    assert '" ten"' not in said and '" two"' in said
    assert time.monotonic() - began < 15
