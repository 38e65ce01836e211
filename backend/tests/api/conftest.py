"""Fixtures of the chat tests: a scripted model server, the portal on a real socket, two people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.config import Settings
from tests.api.chat_portal import ChatPortal, serve_portal
from tests.fakes.upstream import FakeUpstream


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """A model server that does as it is told."""
    async with FakeUpstream() as server:
        yield server


@pytest.fixture
def chat_overrides() -> dict[str, object]:
    """Settings that a test of the chat routes wants otherwise."""
    return {}


@pytest.fixture
async def chat_portal(
    settings: Settings, upstream: FakeUpstream, chat_overrides: dict[str, object]
) -> AsyncIterator[ChatPortal]:
    """The whole portal, listening, on SQLite and then on PostgreSQL."""
    values = {"llm_server_url": upstream.url, "llm_model_name": "", **chat_overrides}
    async with serve_portal(settings.model_copy(update=values), upstream) as running:
        yield running


@pytest.fixture
async def ada(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of somebody who signed in."""
    async with chat_portal.client("ada@example.org") as client:
        yield client


@pytest.fixture
async def eve(chat_portal: ChatPortal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of somebody else."""
    async with chat_portal.client("eve@example.org") as client:
        yield client
