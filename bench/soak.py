"""`make soak`: 200 mixed clients at a portal with PostgreSQL, Redis and a broker for half an hour; prints what grew.

`--minutes 5` is shorter, `--clients N` fewer. Half of the clients read pages and lists, the others ask: pages, programs at
/v1 and games. The slopes are of a straight line through the second half, when caches are full.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import psutil

from bench.chaos_clients import Game, Program, Talker
from bench.cluster import MODEL, Cluster, run_cluster

SEED = 11
SAMPLE_SECONDS = 5.0
PASSWORD = secrets.token_urlsafe()
_PATHS = ("/api/sessions", "/api/models", "/api/templates", "/api/auth/me", "/api/announcements", "/healthz")


@dataclass
class Reader:
    """Somebody who looks around: lists, models, templates."""

    http: httpx.AsyncClient
    random: random.Random
    latencies: list[tuple[float, float]]
    failures: int = 0

    async def talk(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            try:
                answer = await self.http.get(self.random.choice(_PATHS))
                self.failures += answer.status_code != 200
                self.latencies.append((began, time.monotonic() - began))
            except httpx.HTTPError:
                self.failures += 1
            await asyncio.sleep(self.random.uniform(0.5, 2.5))


@dataclass
class Growth:
    """What was measured over time."""

    seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    database_mb: list[float] = field(default_factory=list)

    def sample(self, cluster: Cluster, began: float) -> None:
        """Add a point: all portals together."""
        processes = [psutil.Process(portal.pid) for portal in cluster.portals]
        self.seconds.append(time.monotonic() - began)
        self.memory_mb.append(sum(process.memory_info().rss for process in processes) / 1e6)
        self.files.append(float(sum(process.num_fds() for process in processes)))
        self.database_mb.append(cluster.postgres.size_bytes() / 1e6)


def slope_an_hour(seconds: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of a straight line through the second half of the points, per hour."""
    half = len(seconds) // 2
    if len(seconds) - half < 2:
        return 0.0
    return statistics.linear_regression(seconds[half:], values[half:]).slope * 3600


def p99(latencies: Sequence[tuple[float, float]], since: float, until: float) -> float:
    """Return the 99th percentile in milliseconds of what began within a time."""
    within = sorted(seconds for began, seconds in latencies if since <= began < until)
    return 1000 * within[int(0.99 * (len(within) - 1))] if within else 0.0


async def soak(minutes: float, count: int) -> str:
    with run_cluster() as cluster:
        people = [
            await _sign_in(cluster, f"soak-{number}@example.org") for number in range(max(4, count // 10))
        ]
        key = (await people[0].post("/api/keys", json={"name": "soak"})).raise_for_status().json()["key"]
        latencies: list[tuple[float, float]] = []
        readers = [
            Reader(people[number % len(people)], random.Random(SEED + number), latencies)
            for number in range(count // 2)
        ]
        pages = [
            Talker(
                number, people[number % len(people)], random.Random(number), model=MODEL, pause_seconds=3.0
            )
            for number in range(count // 4)
        ]
        bearer = {"authorization": f"Bearer {key}"}
        at_v1 = httpx.AsyncClient(base_url=cluster.url, timeout=30, headers=bearer)
        programs = [
            Program(number, at_v1, random.Random(number), MODEL, pause_seconds=3.0)
            for number in range(count // 5)
        ]
        games = [Game(number, cluster.broker.port, key, MODEL) for number in range(max(1, count // 20))]
        stop, stop_threads = asyncio.Event(), threading.Event()
        threads = [threading.Thread(target=game.talk, args=(stop_threads,), daemon=True) for game in games]
        for thread in threads:
            thread.start()
        tasks = [asyncio.create_task(one.talk(stop)) for one in (*readers, *pages, *programs)]
        growth, began = Growth(), time.monotonic()
        ends_at = began + minutes * 60
        while time.monotonic() < ends_at:
            await asyncio.to_thread(growth.sample, cluster, began)
            await asyncio.sleep(SAMPLE_SECONDS)
        stop.set()
        stop_threads.set()
        await asyncio.gather(*tasks)
        await asyncio.gather(*(asyncio.to_thread(thread.join, 60) for thread in threads))
        answers = [sum(one.tally.answers for one in door) for door in (pages, programs, games)]
        failures = sum(one.tally.failures for one in (*pages, *programs, *games)) + sum(
            one.failures for one in readers
        )
    third = (ends_at - began) / 3
    early, late = (
        p99(latencies, began + third / 2, began + 1.5 * third),
        p99(latencies, ends_at - third, ends_at),
    )
    return _table(minutes, count, growth, answers, failures, len(latencies), early, late)


async def _sign_in(cluster: Cluster, email: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    http = httpx.AsyncClient(base_url=cluster.url, timeout=30, limits=limits)
    account = {"email": email, "password": PASSWORD}
    (await http.post("/api/auth/register", json=account)).raise_for_status()
    login = (await http.post("/api/auth/login", json=account)).raise_for_status()
    http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return http


def _table(
    minutes: float,
    count: int,
    growth: Growth,
    answers: Sequence[int],
    failures: int,
    reads: int,
    early: float,
    late: float,
) -> str:
    rows = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {minutes:g} minutes, {count} clients, two portals",
        "",
        "| what | at the beginning | at the end | slope of the second half, an hour |",
        "|---|---|---|---|",
    ]
    for name, values in (
        ("memory of both portals, MB", growth.memory_mb),
        ("open files of both", growth.files),
        ("database, MB", growth.database_mb),
    ):
        slope = slope_an_hour(growth.seconds, values)
        rows.append(f"| {name} | {values[0]:.0f} | {values[-1]:.0f} | {slope:+.1f} |")
    ratio = late / early if early else 0.0
    rows += [
        "",
        f"answers (page / v1 / MQTT): {' / '.join(map(str, answers))}; reads: {reads}; tries that failed: {failures}",
        f"p99 of reads: {early:.0f} ms in the beginning, {late:.0f} ms in the end, ratio {ratio:.2f}",
    ]
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=200)
    options = parser.parse_args()
    sys.stdout.write(asyncio.run(soak(options.minutes, options.clients)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
