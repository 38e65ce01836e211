"""One portal for all tests of a module that only ask models: made once, with two people and a key each."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import Settings
from tests.api.chat_portal import ChatPortal, serve_portal
from tests.fakes.upstream import FakeUpstream


@dataclass
class SharedPortal:
    """A running portal, its model server, and the keys of Ada and Eve."""

    portal: ChatPortal
    upstream: FakeUpstream
    ada_key: str
    eve_key: str

    @property
    def url(self) -> str:
        return self.portal.base_url


@asynccontextmanager
async def shared_portal(
    data_dir: Path, template: Path, upstream: FakeUpstream, **overrides: Any
) -> AsyncIterator[SharedPortal]:
    """Run a portal on SQLite; `overrides` are settings."""
    shutil.copy(template, data_dir / "app.db")
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        portal_data_dir=data_dir,
        secret_key="a-secret-for-tests-only-0123456789abcdef",
        mqtt_own_broker=False,
        llm_max_retries=0,
        llm_server_url=upstream.url,
        **overrides,
    )
    async with serve_portal(settings, upstream) as portal:
        keys = []
        for name in ("ada", "eve"):
            async with portal.client(f"{name}@example.org") as person:
                keys.append((await person.post("/api/keys", json={"name": "sdk"})).json()["key"])
        yield SharedPortal(portal, upstream, *keys)
