"""OpenTelemetry: spans and histograms by the GenAI conventions, in the caller's trace; nothing is imported while it is off."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

from app.admin.metrics import Metrics
from app.llm.accounting import Spent
from app.llm.types import Caller, Usage
from app.telemetry import setup
from app.telemetry.genai import GenAITelemetry, current_trace_id
from app.telemetry.http import TracingMiddleware
from app.telemetry.setup import Telemetry

BACKEND = Path(__file__).resolve().parents[2]
TRACE = "0af7651916cd43dd8448eb211c80319c"


class _Collected:
    """What would have been sent."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.traces = TracerProvider()
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.metrics = MeterProvider(metric_readers=[self.reader])
        self.genai = GenAITelemetry(self.traces, self.metrics, lambda: 5_000_000_000)

    def points(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        found = [
            metric for one in data.resource_metrics for scope in one.scope_metrics for metric in scope.metrics
        ]
        return {metric.name: list(metric.data.data_points) for metric in found}


@pytest.fixture
def collected() -> _Collected:
    return _Collected()


def _spent(**changes: Any) -> Spent:
    facts: dict[str, Any] = {
        "caller": Caller(1),
        "door": "v1",
        "operation": "chat",
        "status": "done",
        "asked_model": "small",
        "model": "small-7b",
        "target": "gpu-1/small-7b",
        "usage": Usage(prompt_tokens=100, completion_tokens=20, cached_tokens=80),
        "ttft_ms": 250.0,
        "total_ms": 2000.0,
        "request_id": "r-1",
    }
    return Spent(**{**facts, **changes})


def test_a_request_is_a_span_and_four_histograms(collected: _Collected) -> None:
    collected.genai.record(_spent())
    [span] = collected.exporter.get_finished_spans()
    assert (span.name, span.kind.name) == ("chat small", "CLIENT")
    assert (span.start_time, span.end_time) == (3_000_000_000, 5_000_000_000)
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gpu-1",
        "gen_ai.request.model": "small",
        "gen_ai.response.model": "small-7b",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 80,
        "portal.door": "v1",
        "portal.status": "done",
        "portal.request_id": "r-1",
        "portal.is_cache_hit": False,
    }
    points = collected.points()
    assert [point.sum for point in points["gen_ai.client.operation.duration"]] == [2.0]
    assert [point.sum for point in points["gen_ai.server.time_to_first_token"]] == [0.25]
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum for point in points["gen_ai.client.token.usage"]
    }
    assert tokens == {"input": 100, "output": 20}
    for point in points["gen_ai.client.operation.duration"]:
        assert not {"portal.request_id", "user.id"} & set(point.attributes), "labels are few"


def test_every_name_is_one_of_the_conventions(collected: _Collected) -> None:
    collected.genai.record(_spent(usage=Usage(10, 5, 4)))
    [span] = collected.exporter.get_finished_spans()
    points = collected.points()
    labels = {name for found in points.values() for point in found for name in point.attributes}
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    ours = {name for name in labels | set(span.attributes or {}) if name.startswith("gen_ai.")}
    assert ours
    assert ours <= known
    metrics = {value for name, value in vars(gen_ai_metrics).items() if name.startswith("GEN_AI_")}
    assert len(points) == 4
    assert set(points) <= metrics


def test_a_failure_says_what_kind(collected: _Collected) -> None:
    collected.genai.record(_spent(status="failed", error_code="provider_timeout", operation="embeddings"))
    [span] = collected.exporter.get_finished_spans()
    assert span.name == "embeddings small"
    assert span.status.status_code.name == "ERROR"
    assert (span.attributes or {})["error.type"] == "provider_timeout"


async def test_an_http_request_lies_in_the_callers_trace_and_the_model_call_in_it(
    collected: _Collected,
) -> None:
    app = FastAPI()
    seen: list[str] = []

    @app.get("/ask/{secret}")
    async def ask(secret: str) -> dict[str, str]:
        collected.genai.record(_spent())
        seen.append(current_trace_id())
        return {}

    app.add_middleware(TracingMiddleware, provider=lambda scope: collected.traces)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as client:
        await client.get("/ask/a-token", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    model, request = collected.exporter.get_finished_spans()
    assert seen == [TRACE]
    assert request.name == "GET /ask/{secret}"
    assert model.parent is not None
    assert request.context is not None
    assert model.parent.span_id == request.context.span_id
    assert {f"{span.context.trace_id:032x}" for span in (model, request) if span.context} == {TRACE}
    assert "a-token" not in str(request.attributes)
    assert (request.attributes or {})["http.response.status_code"] == 200
    assert current_trace_id() == ""


def test_nothing_of_it_is_imported_while_it_is_off() -> None:
    program = (
        "import sys; from app.config import load_settings; from app.main import create_app; "
        "create_app(load_settings()); print([name for name in sys.modules if name.startswith("
        "('opentelemetry.sdk', 'opentelemetry.exporter', 'app.telemetry.http', 'app.telemetry.genai'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BACKEND, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_names_that_somebody_typed_make_no_series(collected: _Collected) -> None:
    for number in range(3):
        unknown = {
            "asked_model": f"evil-{number}",
            "model": f"evil-{number}",
            "target": None,
            "ttft_ms": None,
        }
        collected.genai.record(
            _spent(status="failed", error_code="model_not_found", usage=Usage(), **unknown)
        )
    assert len(collected.points()["gen_ai.client.operation.duration"]) == 1
    spans = collected.exporter.get_finished_spans()
    assert {span.name for span in spans} == {"chat"}
    names = [(span.attributes or {})["gen_ai.request.model"] for span in spans]
    assert names == ["evil-0", "evil-1", "evil-2"], "a span says what was asked for"


def test_names_that_somebody_typed_take_no_place_among_the_models_of_prometheus() -> None:
    metrics = Metrics()
    for number in range(60):
        unknown = {"asked_model": f"evil-{number}", "model": f"evil-{number}", "target": None}
        metrics.count_spent(_spent(status="failed", **unknown))
    metrics.count_spent(_spent())
    text = metrics.text().decode()
    assert "evil" not in text
    assert 'portal_model_requests_total{door="v1",model="other",status="failed"} 60.0' in text
    assert 'portal_model_requests_total{door="v1",model="small-7b",status="done"} 1.0' in text


async def test_a_collector_that_hangs_does_not_hold_up_the_end(
    collected: _Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "_LAST_SECONDS", 0.05)
    answers = threading.Event()
    monkeypatch.setattr(collected.traces, "shutdown", answers.wait)
    await asyncio.wait_for(Telemetry(collected.traces, collected.metrics, collected.genai).close(), 5)
    answers.set()
