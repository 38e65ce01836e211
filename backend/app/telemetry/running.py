"""Turns telemetry on for the life of a portal; imports nothing of OpenTelemetry while it is off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from app.chat.runtime import Runtime
from app.config import Settings


@asynccontextmanager
async def telemetry_of(app: FastAPI, runtime: Runtime) -> AsyncIterator[None]:
    """Send what happens within the block, if an endpoint is set."""
    if not runtime.settings.otel_exporter_otlp_endpoint:
        yield
        return
    from app.telemetry.setup import create_telemetry

    telemetry = create_telemetry(runtime.settings, runtime.replica.id)
    assert telemetry is not None
    app.state.traces = telemetry.traces
    runtime.usage_recorder.observers.append(telemetry.genai.record)
    try:
        yield
    finally:
        await telemetry.close()


def tracing(settings: Settings) -> list[Middleware]:
    """Return what makes a span of each HTTP request, if an endpoint is set."""
    if not settings.otel_exporter_otlp_endpoint:
        return []
    from app.telemetry.http import TracingMiddleware

    return [Middleware(TracingMiddleware, provider=lambda scope: getattr(scope["app"].state, "traces", None))]
