"""`make bench-gateway`: what `/v1` costs, beside LiteLLM's proxy, Portkey's gateway and nginx as a plain proxy, in one run.

One worker of each is pinned to core 0; the model server (a simulator) and the load are on core 1. The portal runs with
authentication, limits, accounting and breakers on. Peers that cannot be installed are left out, and said to be.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bench import gateway_peers as peers
from bench.gateway_peers import CACHE, OTHER_CORE, Gateway, Missing
from bench.portal_process import ROOT

Result = dict[str, float]
Start = Callable[[str, Path], AbstractContextManager[Gateway]]
STARTS: dict[str, Start] = {
    "portal": peers.portal,
    "nginx": peers.nginx,
    "portkey": peers.portkey,
    "litellm": peers.litellm,
}
PACED_STREAMS, PACED_PIECES, SPREAD_SECONDS = 256, 60, 1.0
INSTANT_STREAMS, INSTANT_PIECES = 64, 200
MEMORY_REQUESTS, MEMORY_STEPS = 50_000, 5

ROWS: tuple[tuple[str, str, str], ...] = (
    ("JSON, 1 connection: requests/s", "json1_rps", "{:,.0f}"),
    ("added p50, ms", "json1_added_p50_ms", "{:.2f}"),
    ("added p99, ms", "json1_added_p99_ms", "{:.2f}"),
    ("JSON, 16 connections: requests/s", "json16_rps", "{:,.0f}"),
    ("CPU per request, us", "json16_cpu_us", "{:,.0f}"),
    ("JSON, 64 connections: requests/s", "json64_rps", "{:,.0f}"),
    ("p50, ms", "json64_p50_ms", "{:.1f}"),
    ("p99, ms", "json64_p99_ms", "{:.1f}"),
    (f"{PACED_STREAMS} paced streams: first token added p50, ms", "paced_first_p50_ms", "{:.1f}"),
    ("first token added p99, ms", "paced_first_p99_ms", "{:.1f}"),
    ("pieces/s", "paced_rate", "{:,.0f}"),
    ("CPU per piece, us", "paced_cpu_us", "{:.0f}"),
    (f"{INSTANT_STREAMS} undelayed streams: pieces/s", "instant_rate", "{:,.0f}"),
    ("CPU per piece, us", "instant_cpu_us", "{:.1f}"),
    ("RSS idle, MiB", "rss_idle_mib", "{:.0f}"),
    ("RSS after the load, MiB", "rss_after_mib", "{:.0f}"),
    ("RSS per 10,000 requests more, MiB", "rss_slope_mib", "{:.2f}"),
    ("cold start, s", "cold_start_seconds", "{:.2f}"),
    ("errors", "errors", "{:.0f}"),
)


def load(gateway: Gateway, *, seconds: float, **options: object) -> dict[str, Any]:
    """Run the load generator; adds the gateway's processor time."""
    command = ["taskset", "-c", str(OTHER_CORE), sys.executable, "-m", "bench.gateway_load"]
    command += ["--url", gateway.url, "--key", gateway.key, "--seconds", str(seconds)]
    for header in gateway.headers:
        command += ["--header", header]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    before = gateway.cpu_seconds()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 180, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    result["cpu_seconds"] = gateway.cpu_seconds() - before
    if result["errors"]:
        print(f"  {gateway.name}: {result['errors']} errors: {result['last_error'][:300]}", file=sys.stderr)
    return result


def measure(gateway: Gateway, direct: Result, seconds: float, *, with_slope: bool) -> Result:
    """Return all figures of one gateway; `direct` are those without one, or empty while measuring that."""
    figures: Result = {"rss_idle_mib": gateway.rss_mib(), "cold_start_seconds": gateway.cold_start_seconds}
    load(gateway, seconds=min(seconds, 1.0), connections=16)  # warms up
    errors = 0
    for connections in (1, 16, 64):
        got = load(gateway, seconds=seconds, connections=connections)
        errors += got["errors"]
        name = f"json{connections}"
        figures[f"{name}_rps"] = got["requests"] / got["elapsed_seconds"]
        figures[f"{name}_cpu_us"] = 1e6 * got["cpu_seconds"] / max(1, got["requests"])
        for share in ("p50_ms", "p99_ms"):
            figures[f"{name}_{share}"] = got[share]
            figures[f"{name}_added_{share}"] = got[share] - direct.get(f"{name}_{share}", 0.0)
    paced = load(
        gateway,
        seconds=30,
        connections=PACED_STREAMS,
        requests=PACED_STREAMS,
        pieces=PACED_PIECES,
        model="paced",
        spread=SPREAD_SECONDS,
    )
    instant = load(gateway, seconds=seconds, connections=INSTANT_STREAMS, pieces=INSTANT_PIECES)
    for name, got in (("paced", paced), ("instant", instant)):
        errors += got["errors"]
        figures[f"{name}_rate"] = got["pieces"] / got["elapsed_seconds"]
        figures[f"{name}_cpu_us"] = 1e6 * got["cpu_seconds"] / max(1, got["pieces"])
    for share in ("first_p50_ms", "first_p99_ms"):
        figures[f"paced_{share}"] = paced[share] - direct.get(f"paced_{share}", 0.0)
    if with_slope:
        figures["rss_slope_mib"] = memory_slope(gateway)
    figures["rss_after_mib"] = gateway.rss_mib()
    figures["errors"] = errors
    return figures


def memory_slope(gateway: Gateway) -> float:
    """Return by how many MiB each 10,000 requests make the process larger, once it is warm."""
    step = MEMORY_REQUESTS // MEMORY_STEPS
    sizes = []
    for _ in range(MEMORY_STEPS):
        load(gateway, seconds=120, connections=16, requests=step)
        sizes.append(gateway.rss_mib())
    warm = sizes[1:]
    return statistics.linear_regression(range(len(warm)), warm).slope * 10_000 / step


def table(columns: dict[str, Result]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for title, name, shape in ROWS:
        cells = [shape.format(figures[name]) if name in figures else "–" for figures in columns.values()]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; exits 0 also when a target is missed (docs/performance.md says why)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(STARTS), help="which gateways, with commas between")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each load of JSON requests")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Result] = {}
    with peers.upstream() as upstream_url:
        nothing = measure(Gateway("direct", upstream_url), {}, options.seconds, with_slope=False)
        columns["direct"] = {
            name: value
            for name, value in nothing.items()
            if not name.startswith(("rss", "cold")) and "cpu" not in name
        }
        for name in options.only.split(","):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    with STARTS[name](upstream_url, Path(folder)) as gateway:
                        columns[name] = measure(
                            gateway, columns["direct"], options.seconds, with_slope=name == "portal"
                        )
                except Missing as reason:
                    print(f"SKIPPED {name}: {reason}", file=sys.stderr)
    print(f"Python {sys.version.split()[0]}, {platform.machine()}, gateways on one core, one worker each")
    print(table(columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
