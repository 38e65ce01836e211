"""Fixtures of the chat tests: a scripted model server, the portal on a real socket, two people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from app.config import Settings
from tests.api.chat_portal import ChatPortal, serve_portal
from tests.api.shared_portal import SharedPortal, shared_portal
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


@pytest.fixture(scope="module")
def models_yaml() -> str:
    """The models file of `shared`; empty: it has none."""
    return ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path, models_yaml: str
) -> AsyncIterator[SharedPortal]:
    """One portal for a module whose tests only ask models."""
    folder = tmp_path_factory.mktemp("portal")
    overrides = {}
    if models_yaml:
        file = folder / "models.yaml"
        file.write_text(models_yaml, encoding="utf-8")
        overrides["models_file"] = str(file)
    async with (
        FakeUpstream() as upstream,
        shared_portal(folder, _sqlite_template, upstream, **overrides) as portal,
    ):
        yield portal


@pytest_asyncio.fixture(loop_scope="module")
async def sdk(shared: SharedPortal) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's own client, with Ada's key at `shared`."""
    async with AsyncOpenAI(
        base_url=f"{shared.url}/v1", api_key=shared.ada_key, max_retries=0, timeout=20
    ) as client:
        yield client
