"""A portal of the auth and key routes alone, over real databases, with a clock that tests turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI

from app.auth.deps import ChatModelCaller, ChatUser, CurrentAdmin, CurrentUser, require_scope
from app.auth.endpoints import router as auth_router
from app.auth.key_endpoints import router as key_router
from app.auth.principal import Principal
from app.auth.runtime import create_auth_runtime
from app.config import Settings
from app.coord.factory import create_coord
from app.db.session import Database
from app.web.error_handlers import install_error_handlers

PASSWORD = "a few plain words"
EMAIL = "ada@example.org"

_probe = APIRouter()


@_probe.get("/probe/any")
async def probe_any(principal: CurrentUser) -> dict[str, Any]:
    return {"user_id": principal.caller.user_id, "key_id": principal.caller.key_id}


@_probe.get("/probe/chat")
async def probe_chat(principal: ChatUser) -> dict[str, Any]:
    return {"allowed_models": principal.caller.allowed_models}


@_probe.post("/probe/model")
async def probe_model(principal: ChatModelCaller) -> dict[str, Any]:
    return {"user_id": principal.caller.user_id}


@_probe.get("/probe/admin")
async def probe_admin(principal: CurrentAdmin) -> dict[str, Any]:
    return {"role": principal.user.role}


@_probe.get("/probe/admin-scope")
async def probe_admin_scope(
    principal: Annotated[Principal, Depends(require_scope("admin"))],
) -> dict[str, Any]:
    return {"role": principal.user.role}


class ManualClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


@dataclass
class AuthPortal:
    """One replica; `client()` makes a browser with cookies of its own."""

    app: FastAPI
    settings: Settings
    database: Database
    clock: ManualClock
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, address: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(address, 1234)),
            base_url="http://portal.test",
            headers=headers,
        )
        self._clients.append(made)
        return made

    async def signed_in(self, email: str = EMAIL, password: str = PASSWORD) -> httpx.AsyncClient:
        """Register (once) and sign in; returns a browser that sends its access token."""
        browser = self.client()
        await browser.post("/api/auth/register", json={"email": email, "password": password})
        return await sign_in(browser, email, password)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def open_portal(settings: Settings, clock: ManualClock | None = None) -> AsyncIterator[AuthPortal]:
    """Start a replica; another one with the same settings shares its database and coordination."""
    database = Database(settings.database_url, settings.portal_data_dir)
    coord = create_coord(settings.redis_url, shared_name=f"{settings.portal_data_dir}")
    await coord.start()
    clock = clock or ManualClock()
    app = FastAPI()
    install_error_handlers(app)
    for router in (auth_router, key_router, _probe):
        app.include_router(router)
    app.state.runtime = SimpleNamespace(settings=settings, database=database, coord=coord, clock=clock)
    auth = app.state.auth_runtime = create_auth_runtime(settings, database, coord, clock)
    portal = AuthPortal(app, settings, database, clock)
    try:
        async with auth.key_cache.following():
            yield portal
    finally:
        await portal.close()
        await coord.close()
        await database.close()


async def sign_in(
    browser: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD
) -> httpx.AsyncClient:
    """Sign this browser in and let it send the access token from now on."""
    answer = await browser.post("/api/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    browser.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return browser


async def make_key(browser: httpx.AsyncClient, **wish: Any) -> dict[str, Any]:
    """Make an API key; returns the whole answer."""
    answer = await browser.post("/api/keys", json={"name": "a game", **wish})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def bearer(credential: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {credential}"}


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])
