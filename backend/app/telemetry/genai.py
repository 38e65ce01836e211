"""Requests to models as spans and histograms, by OpenTelemetry's GenAI semantic conventions. Never a prompt, answer or key.

Source: OpenTelemetry semantic conventions, "Generative AI spans" and "Generative AI metrics" (status: development, 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

from app.llm.accounting import Spent

SCOPE = "prompt-portal"
_OPERATIONS = {"completions": "text_completion", "embeddings": "embeddings"}
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)


class GenAITelemetry:
    """Takes each ended request once, as usage does; the span lies where the request did, in the trace of its HTTP request."""

    def __init__(
        self, traces: TracerProvider, metrics: MeterProvider, now_nanoseconds: Callable[[], int]
    ) -> None:
        self._now_nanoseconds = now_nanoseconds
        self._tracer = traces.get_tracer(SCOPE)
        meter = metrics.get_meter(SCOPE)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of a request, by direction.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="From a request's arrival to its end.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first_token = meter.create_histogram(
            "gen_ai.server.time_to_first_token",
            unit="s",
            description="From a request's arrival to its first token.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="From a request's arrival to the first piece of its answer, of streams.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def record(self, spent: Spent) -> None:
        """Make the request's span and count it."""
        common = _attributes(spent)
        failure = {"error.type": spent.error_code or "error"} if spent.status == "failed" else {}
        self._span(spent, {**common, **failure, **_facts(spent)})
        if spent.total_ms is not None:
            self._duration.record(spent.total_ms / 1000, {**common, **failure})
        if spent.ttft_ms is not None:
            self._first_token.record(spent.ttft_ms / 1000, common)
            self._first_chunk.record(spent.ttft_ms / 1000, common)
        for kind, count in (
            ("input", spent.usage.prompt_tokens),
            ("output", spent.usage.completion_tokens),
        ):
            if count:
                self._tokens.record(count, {**common, "gen_ai.token.type": kind})

    def _span(self, spent: Spent, attributes: Mapping[str, Any]) -> None:
        end = self._now_nanoseconds()
        model = attributes.get("gen_ai.request.model", "") if _has_reached_a_model(spent) else ""
        name = f"{attributes['gen_ai.operation.name']} {model}".strip()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=dict(attributes),
            start_time=end - int((spent.total_ms or 0.0) * 1e6),
        )
        if spent.status == "failed":
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


def current_trace_id() -> str:
    """Return the trace of the request that runs, in hex; empty outside of one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def _attributes(spent: Spent) -> dict[str, Any]:
    """Return what spans and metrics share: few values each, none of them a person's."""
    model = spent.asked_model or spent.model
    found = {
        "gen_ai.operation.name": _OPERATIONS.get(spent.operation, "chat"),
        "gen_ai.provider.name": (spent.target or "none").partition("/")[0],
        "portal.door": spent.door,
    }
    if model and _has_reached_a_model(spent):
        found["gen_ai.request.model"] = model
    return found


def _has_reached_a_model(spent: Spent) -> bool:
    """Of a request that reached none, the model's name is whatever somebody typed: one more series for each would never end."""
    return spent.target is not None or spent.is_cache_hit


def _facts(spent: Spent) -> dict[str, Any]:
    """Return what only a span says."""
    facts: dict[str, Any] = {
        "gen_ai.usage.input_tokens": spent.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": spent.usage.completion_tokens,
        "portal.status": spent.status,
        "portal.request_id": spent.request_id,
        "portal.is_cache_hit": spent.is_cache_hit,
    }
    if spent.asked_model and not _has_reached_a_model(spent):
        facts["gen_ai.request.model"] = spent.asked_model
    if spent.usage.cached_tokens:
        facts["gen_ai.usage.cache_read.input_tokens"] = spent.usage.cached_tokens
    if spent.model:
        facts["gen_ai.response.model"] = spent.model
    return facts
