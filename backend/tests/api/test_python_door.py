"""Plain Python inside the server's process uses the server's engine, not a second one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.services.llm_client import get_llm_client, get_session_manager
from tests.api.chat_portal import ChatPortal
from tests.fakes.upstream import FakeUpstream


async def test_inside_the_server_the_session_manager_is_the_servers(
    chat_portal: ChatPortal, upstream: FakeUpstream
) -> None:
    manager = get_session_manager()
    answer = await asyncio.to_thread(manager.process_message, "plain", "", "Hello!")
    assert answer == "You said: Hello!"
    pieces = await asyncio.to_thread(lambda: list(manager.process_message_stream("plain", "", "Again")))
    assert "".join(pieces) == "You said: Again"
    assert len(await asyncio.to_thread(manager.get_session_history, "plain")) == 4
    asked = await asyncio.to_thread(get_llm_client().chat_completion, [{"role": "user", "content": "once"}])
    assert asked == "You said: once"
    assert len(upstream.requests) == 3
    assert "prompt-portal" not in {thread.name for thread in threading.enumerate()}


async def test_a_call_on_the_servers_own_loop_is_refused_instead_of_hanging(chat_portal: ChatPortal) -> None:
    with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
        get_session_manager().process_message("plain", "", "Hello!")
