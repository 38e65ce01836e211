"""`make bench-replicas`: how many requests two portals behind nginx answer, beside one. Prints the ratio and the cores."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time

import httpx

from bench.cluster import MODEL, Cluster, run_cluster

SECONDS = 12.0
WARM_SECONDS = 2.0
CONCURRENCY = 32


async def measure(cluster: Cluster) -> float:
    """Return requests a second: reads, which are the portal's own work alone."""
    account = {"email": "bench@example.org", "password": secrets.token_urlsafe()}
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(base_url=cluster.url, timeout=30, limits=limits) as http:
        (await http.post("/api/auth/register", json=account)).raise_for_status()
        login = (await http.post("/api/auth/login", json=account)).raise_for_status()
        http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        done = 0
        began = time.monotonic()
        counted_from, ends_at = began + WARM_SECONDS, began + WARM_SECONDS + SECONDS

        async def ask() -> None:
            nonlocal done
            while (now := time.monotonic()) < ends_at:
                (await http.get("/api/sessions")).raise_for_status()
                done += now >= counted_from

        await asyncio.gather(*(ask() for _ in range(CONCURRENCY)))
        return done / SECONDS


def main() -> int:
    rates = {}
    for replicas in (1, 2):
        with run_cluster(replicas) as cluster:
            rates[replicas] = asyncio.run(measure(cluster))
    ratio = rates[2] / rates[1]
    sys.stdout.write(
        f"GET /api/sessions through nginx, {CONCURRENCY} at once, {os.cpu_count()} cores for portals, nginx, PostgreSQL, "
        f"Redis and the client: one portal {rates[1]:.0f} a second, two {rates[2]:.0f}, ratio {ratio:.2f} ({MODEL} idle)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
