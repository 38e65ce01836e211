"""The application: `create_app(settings)` puts the runtime, the routers and the page together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__
from app.admin.metrics import Metrics, MetricsMiddleware
from app.admin.runtime import create_admin
from app.api import PROBES, ROUTERS
from app.auth.runtime import create_auth_runtime
from app.bridge.bridge import bridging
from app.chat.local import serving
from app.chat.runtime import Runtime
from app.config import PROJECT_ROOT, Settings, get_settings
from app.gateway.conversation_service import ConversationService
from app.gateway.direct import DirectDoor, is_direct
from app.gateway.message_asker import MessageAsker
from app.gateway.setup import create_answer_cache, create_gateway, create_responses
from app.telemetry.running import telemetry_of, tracing
from app.web.body_limit import BodyLimitMiddleware
from app.web.error_handlers import UnexpectedErrorMiddleware, install_error_handlers
from app.web.leaving import LEAVING
from app.web.page import BuiltPage
from app.web.request_context import RequestContextMiddleware
from app.web.security_headers import SecurityHeadersMiddleware

# What programs in a browser may read of an answer besides its body.
_EXPOSED_HEADERS = [
    "x-request-id",
    "x-portal-cache",
    "x-portal-route",
    "retry-after",
    *(
        f"x-ratelimit-{what}-{of}"
        for what in ("limit", "remaining", "reset")
        for of in ("requests", "tokens")
    ),
]

_DESCRIPTION = """One self-hosted portal to every language model.

Sign in at `/api/auth/login`, or make an API key, and send it as `Authorization: Bearer …`."""


class Portal(FastAPI):
    """FastAPI, but that the routes of `gateway.direct` go through the portal's own layers alone."""

    direct: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.direct is not None and is_direct(scope):
            scope["app"] = self
            await self.direct(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the ASGI application. The runtime starts and ends with its lifespan."""
    settings = settings or get_settings()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        runtime = Runtime(settings)
        app.state.runtime = runtime
        app.state.gateway = create_gateway(runtime)
        app.state.answer_cache = create_answer_cache(runtime, app.state.gateway)
        app.state.messages = MessageAsker(app.state.gateway, app.state.answer_cache)
        app.state.conversations = ConversationService(runtime.database, runtime.clock)
        app.state.responses = create_responses(
            runtime, app.state.gateway, app.state.answer_cache, app.state.conversations
        )
        auth = create_auth_runtime(settings, runtime.database, runtime.coord, runtime.clock)
        app.state.auth_runtime = auth
        await runtime.start()
        try:
            with serving(runtime):
                async with (
                    telemetry_of(app, runtime),
                    auth.key_cache.following(),
                    app.state.responses.running(),
                    bridging(runtime, auth, app.state.gateway) as bridge,
                ):
                    app.state.bridge = bridge
                    admin = create_admin(runtime, auth, bridge, metrics)
                    app.state.admin = admin
                    admin.start()

                    def leave() -> None:
                        runtime.leave()
                        admin.watching.leave()

                    yield {LEAVING: leave}
                    await runtime.drain()
                    await admin.close()
        finally:
            await runtime.close()

    app = Portal(
        title="Prompt Portal",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    install_error_handlers(app)
    is_serving = "http" in settings.portal_roles
    for router in ROUTERS if is_serving else PROBES:
        app.include_router(router)
    if is_serving:
        _add_page(app)
    _add_middleware(app, settings, metrics)
    return app


def _add_page(app: FastAPI) -> None:
    page = BuiltPage(PROJECT_ROOT / "frontend" / "dist")

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def built_page(request: Request, path: str) -> Response:
        return page.respond(request)


def _add_middleware(app: Portal, settings: Settings, metrics: Metrics) -> None:
    app.add_middleware(UnexpectedErrorMiddleware)
    wrappers = _middleware(settings, metrics)
    for wrapper in wrappers:
        app.add_middleware(wrapper.cls, *wrapper.args, **wrapper.kwargs)
    if "http" in settings.portal_roles:
        app.direct = DirectDoor()
        for wrapper in wrappers:
            app.direct = wrapper.cls(app.direct, *wrapper.args, **wrapper.kwargs)


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """Return what every request goes through; the last one is the outermost."""
    wrappers = [Middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes)]
    if settings.cors_origins:
        wrappers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
                # SDKs in a browser send headers of their own; who may ask at all is said by the origins.
                allow_headers=["*"],
                expose_headers=_EXPOSED_HEADERS,
                max_age=600,
            )
        )
    is_https = settings.portal_public_url.startswith("https://")
    wrappers.append(Middleware(SecurityHeadersMiddleware, is_https=is_https))
    wrappers.append(Middleware(MetricsMiddleware, metrics=metrics))
    wrappers.extend(tracing(settings))
    wrappers.append(Middleware(RequestContextMiddleware))
    return wrappers


def __getattr__(name: str) -> FastAPI:
    """Make `app.main:app` on first use, so that importing this module reads no settings."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
