"""A span for each HTTP request, in the trace that the caller began (W3C `traceparent`). Pure ASGI."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry.genai import SCOPE

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_HEADERS = (b"traceparent", b"tracestate")


class TracingMiddleware:
    """Names the span after the route's template: an id or a token in a path goes nowhere."""

    def __init__(self, app: ASGIApp, provider: Callable[[Scope], TracerProvider | None]) -> None:
        self.app = app
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = self._provider(scope) if scope["type"] == "http" else None
        if provider is None:
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _TRACE_HEADERS
        }
        method = scope["method"]
        parent = _PROPAGATOR.extract(headers)
        span = provider.get_tracer(SCOPE).start_span(method, context=parent, kind=SpanKind.SERVER)
        token = context.attach(trace.set_span_in_context(span, parent))
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "")
            span.update_name(f"{method} {route}".strip())
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.response.status_code", status)
            if route:
                span.set_attribute("http.route", route)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()
            context.detach(token)
