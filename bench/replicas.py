"""`make bench-replicas`: how many requests two portals behind nginx answer, beside one. Prints PASS or FAIL, and the cores.

Each portal is held to a part of a core by a control group, so that what is left of the machine carries nginx, PostgreSQL,
Redis and the client, as other machines would. Where that cannot be done, or there are cores enough, nothing is held.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.cluster import Nginx, run_cluster
from bench.cpu_quota import cpu_quota

WARM_SECONDS, TURN_SECONDS, TURNS = 15.0, 5.0, 4
CONCURRENCY = 16
CORES_A_PORTAL = 0.25
CORES_ENOUGH = 8
WANTED_RATIO = 1.7
PASSWORD = secrets.token_urlsafe()


async def ask(url: str, seconds: float) -> float:
    """Return requests a second: reads, which are the portal's own work alone."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        account = {"email": "bench@example.org", "password": PASSWORD}
        await http.post("/api/auth/register", json=account)  # the first time; later it is refused
        login = (await http.post("/api/auth/login", json=account)).raise_for_status()
        http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        done, ends_at = 0, time.monotonic() + seconds

        async def client() -> None:
            nonlocal done
            while time.monotonic() < ends_at:
                (await http.get("/api/sessions")).raise_for_status()
                done += time.monotonic() < ends_at

        await asyncio.gather(*(client() for _ in range(CONCURRENCY)))
        return done / seconds


async def measure(one: str, two: str) -> tuple[list[float], list[float]]:
    """Ask both in turns, so that what else the machine does befalls them alike."""
    for url in (two, one):
        await ask(url, WARM_SECONDS)
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for url, of in zip((one, two), rates, strict=True):
            of.append(await ask(url, TURN_SECONDS))
    return rates


def main() -> int:
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(run_cluster(2))
        alone = Nginx(Path(stack.enter_context(tempfile.TemporaryDirectory())), cluster.portals[:1])
        stack.callback(alone.stop)
        alone.start()
        is_held = False
        if (os.cpu_count() or 1) < CORES_ENOUGH:
            held = [stack.enter_context(cpu_quota(one.pid, CORES_A_PORTAL)) for one in cluster.portals]
            is_held = all(held)
        single, both = asyncio.run(measure(alone.url, cluster.url))
    ratio = statistics.median(both) / statistics.median(single)
    place = f"{CORES_A_PORTAL:g} of a core for each portal" if is_held else "no limit for a portal"
    shown = (" ".join(f"{rate:.0f}" for rate in rates) for rates in (single, both))
    sys.stdout.write(
        f"GET /api/sessions through nginx, {CONCURRENCY} at once; {os.cpu_count()} cores, {place}; requests a second in "
        f"{TURNS} turns of {TURN_SECONDS:g} s each: one portal {next(shown)}; two {next(shown)}\n"
        f"{'PASS' if ratio >= WANTED_RATIO else 'FAIL'}  ratio of the medians {ratio:.2f} (at least {WANTED_RATIO:g})\n"
    )
    return int(ratio < WANTED_RATIO)


if __name__ == "__main__":
    sys.exit(main())
