"""Sends traces and metrics to an OTLP endpoint over HTTP, if one is set. The SDK is imported only then."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import __version__
from app.config import Settings
from app.telemetry.genai import GenAITelemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

_EXPORT_MILLISECONDS = 30_000
_LAST_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What runs while telemetry is on."""

    traces: TracerProvider
    metrics: MeterProvider
    genai: GenAITelemetry

    async def close(self) -> None:
        """Send what is left; a collector that is away, or hangs, holds nobody up for longer than a moment."""
        loop, is_sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            try:
                self.traces.shutdown()
                self.metrics.shutdown()
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(is_sent.set)

        # a thread of its own: Python waits for those of its pool before it ends
        threading.Thread(target=send, name="telemetry-end", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await is_sent.wait()


def create_telemetry(settings: Settings, replica: str) -> Telemetry | None:
    """Return None when no endpoint is set. Raises ImportError without the packages of requirements-telemetry.txt."""
    endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/")
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    facts = {
        "service.name": settings.otel_service_name,
        "service.version": __version__,
        "service.instance.id": replica,
    }
    resource = Resource.create(facts)
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics"), export_interval_millis=_EXPORT_MILLISECONDS
    )
    # at the interpreter's own end they would wait for the collector once more
    metrics = MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    return Telemetry(traces, metrics, GenAITelemetry(traces, metrics, time.time_ns))
