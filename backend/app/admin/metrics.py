"""What Prometheus reads at `/metrics`: names after its conventions, labels from bounded sets, no word of a prompt."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bridge.status import BridgeStatus
from app.chat.runtime import Runtime
from app.llm.accounting import Spent
from app.llm.money import to_money
from app.llm.turns import TurnOutcome

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
_MAX_MODELS = 50


class Metrics:
    """One set of figures for one application: two in a process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.http_requests = Counter(
            "portal_http_requests",
            "HTTP requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.http_seconds = Histogram(
            "portal_http_response_start_seconds",
            "From a request's arrival to the first byte of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.turns = Counter(
            "portal_turns",
            "Turns that ended, by door, model and how.",
            ["door", "model", "status"],
            registry=self.registry,
        )
        self.tokens = Counter(
            "portal_tokens",
            "Tokens of turns that ended.",
            ["model", "kind"],
            registry=self.registry,
        )
        self.first_token_seconds = Histogram(
            "portal_turn_first_token_seconds",
            "From a turn's arrival to its first token, the wait in the queue included.",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.turn_seconds = Histogram(
            "portal_turn_seconds",
            "From a turn's arrival to its end.",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.requests = Counter(
            "portal_model_requests",
            "Requests to models that ended, of every door: turns, single asks, and what passes.",
            ["door", "model", "status"],
            registry=self.registry,
        )
        self.request_first_token = Histogram(
            "portal_model_request_first_token_seconds",
            "From a request's arrival to its first token, of every door that streams.",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.cost = Counter(
            "portal_cost",
            "What requests to models cost, in the portal's currency.",
            ["model"],
            registry=self.registry,
        )
        self.cache_hits = Counter(
            "portal_cache_hits",
            "Requests that the portal's own cache answered.",
            ["model"],
            registry=self.registry,
        )
        self._models: set[str] = set()
        self.on_request: Callable[[int], None] = lambda status: None
        self._by_answer: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(registry=self.registry)

    def watch(self, runtime: Runtime, bridge: BridgeStatus | None) -> None:
        """Count the turns of a running portal, and read its state at each scrape."""
        runtime.store.on_finished = self.count_turn
        runtime.usage_recorder.observers.append(self.count_spent)
        self.registry.register(_State(runtime, bridge))

    def count_turn(self, door: str, outcome: TurnOutcome) -> None:
        model = self._bounded(outcome.model or "none")
        self.turns.labels(door, model, outcome.status).inc()
        if outcome.usage is not None:
            self.tokens.labels(model, "prompt").inc(outcome.usage.prompt_tokens)
            self.tokens.labels(model, "completion").inc(outcome.usage.completion_tokens)
        if (ttft := outcome.timings.get("ttft_ms")) is not None:
            self.first_token_seconds.labels(model).observe(ttft / 1000)
        if (total := outcome.timings.get("total_ms")) is not None:
            self.turn_seconds.labels(model).observe(total / 1000)

    def count_spent(self, spent: Spent) -> None:
        """Count one request to a model, by whichever door it came."""
        # of a request that reached no server, the name is what somebody typed: it takes no place among the models
        is_real = spent.target is not None or spent.is_cache_hit
        model = self._bounded(spent.model or "none", is_new_allowed=is_real or spent.model is None)
        self.requests.labels(spent.door, model, spent.status).inc()
        if spent.ttft_ms is not None:
            self.request_first_token.labels(model).observe(spent.ttft_ms / 1000)
        if nanos := spent.nanos:
            self.cost.labels(model).inc(to_money(nanos))
        if spent.is_cache_hit:
            self.cache_hits.labels(model).inc()

    def count_request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count one answer; `seconds` is None when none was begun."""
        self.on_request(status)
        found = self._by_answer.get((method, route, status))
        if found is None:  # looking a child up by its labels costs more than counting
            known = method if method in _METHODS else "other"
            found = self.http_requests.labels(known, route, str(status)), self.http_seconds.labels(route)
            if known == method:
                self._by_answer[method, route, status] = found
        requests, started = found
        requests.inc()
        if seconds is not None:
            started.observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _bounded(self, model: str, *, is_new_allowed: bool = True) -> str:
        """Keep the set of label values small, whatever a server calls its models."""
        if model not in self._models and (not is_new_allowed or len(self._models) >= _MAX_MODELS):
            return "other"
        self._models.add(model)
        return model


class _State:
    """Gauges that are read when they are asked for."""

    def __init__(self, runtime: Runtime, bridge: BridgeStatus | None) -> None:
        self._runtime = runtime
        self._bridge = bridge

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        runtime = self._runtime
        yield _gauge("portal_turns_running", "Turns that run or wait here.", runtime.sessions.running)
        yield _gauge("portal_model_up", "1 while a model can answer.", runtime.health.state.is_available)
        active, queued = runtime.sessions.load()
        yield _gauge("portal_model_requests_active", "Requests that are with the model.", active)
        yield _gauge("portal_model_requests_queued", "Requests that wait for a place.", queued)
        usage = runtime.usage_recorder
        yield _gauge(
            "portal_usage_rows_waiting", "Requests whose usage is not in the database yet.", usage.waiting
        )
        yield _gauge("portal_usage_rows_dropped", "Requests whose usage was lost.", usage.dropped)
        if runtime.embedded is not None:
            restarts = runtime.embedded.status.restarts
            yield _gauge(
                "portal_embedded_restarts", "Restarts of the embedded server since the start.", restarts
            )
        if self._bridge is not None:
            for name, documentation, value in self._bridge.gauges():
                yield _gauge(f"portal_mqtt_{name}", documentation, value)
            for name, documentation, value in self._bridge.counters():
                yield CounterMetricFamily(f"portal_mqtt_{name}", documentation, value=value)


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=float(value))


class MetricsMiddleware:
    """Pure ASGI: counts requests by their route's template, so that an id or a scanner's path makes no new label."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        arrived = time.perf_counter()
        status, started = 500, None

        def noting(message: Message) -> Awaitable[None]:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], time.perf_counter() - arrived
            return send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            self._metrics.count_request(scope["method"], _route_of(scope), status, started)


def _route_of(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "unmatched"
    return "page" if path == "/{path:path}" else str(path)
