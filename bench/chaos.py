"""`make chaos`: kills each part of a cluster in turn (`kill -9`), fills a disk, turns a clock and slows the database, while
pages, programs and games talk through nginx and the broker, and counts what was lost.

Each client has sessions of its own and asks, whole or streamed, until it has an answer, as a good client does. In the end
every answer that a page was given must be in its session, in order, and nothing of anybody else's; a stream that broke must
go on where it was, by whichever portal, with the same bytes under the same numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.chaos_clients import Game, Program, Talker, Tally
from bench.chaos_health import HealthWatch
from bench.cluster import MODEL, ROOT, Cluster, PortalProcess, run_cluster

SEED = 7
PAGES, PROGRAMS, GAMES = 6, 4, 4
CALM_SECONDS = 5.0
DOWN_SECONDS = 6.0
MEND_LIMIT_SECONDS = 15.0
SKEW_SECONDS = 120
PASSWORD = secrets.token_urlsafe()
_CLOCK = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketime.so.1"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and how it is put right."""

    name: str
    strike: Callable[[], object]
    mend: Callable[[], object]


def faults(cluster: Cluster) -> list[Fault]:
    one, two = cluster.portals
    first, second = cluster.models
    found = [
        Fault("portal 1 killed", one.kill, one.start),
        Fault("portal 2 killed", two.kill, two.start),
        Fault("Redis killed (its data lost)", cluster.redis.kill, cluster.redis.start),
        Fault("PostgreSQL killed", cluster.postgres.kill, cluster.postgres.start),
        Fault("MQTT broker killed", cluster.broker.kill, cluster.broker.start),
        Fault("model server 1 killed", first.kill, first.start),
        Fault(
            "both model servers killed",
            lambda: (first.kill(), second.kill()),
            lambda: (first.start(), second.start()),
        ),
        Fault("database slowed to 2 s", lambda: _slow(cluster, 2.0), lambda: _slow(cluster, 0.0)),
    ]
    if cluster.small_disk is not None:
        ballast = cluster.small_disk / "ballast"
        found.append(Fault("disk of portal 1 full", lambda: _fill(ballast), ballast.unlink))
    if _CLOCK.exists():
        found.append(
            Fault(
                f"clock of portal 2 {SKEW_SECONDS} s ahead",
                lambda: _skew(two, SKEW_SECONDS),
                lambda: _skew(two, 0),
            )
        )
    return found


def _slow(cluster: Cluster, seconds: float) -> None:
    cluster.proxy.delay_seconds = seconds


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))


def _skew(portal: PortalProcess, seconds: int) -> None:
    """Start the portal anew with another clock; durations go on as they are."""
    portal.stop()
    environment = portal.environment
    for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
        environment.pop(name, None)
    if seconds:
        environment |= {
            "LD_PRELOAD": str(_CLOCK),
            "FAKETIME": f"+{seconds}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    portal.start()


async def main(only: str) -> int:
    """Run the faults whose name has `only` in it."""
    with run_cluster() as cluster:
        people = [await _sign_in(cluster, f"client-{number}@example.org") for number in range(PAGES)]
        talkers = [
            Talker(number, http, random.Random(SEED + number), model=MODEL)
            for number, http in enumerate(people)
        ]
        key = (await people[0].post("/api/keys", json={"name": "chaos"})).raise_for_status().json()["key"]
        programs = [_program(cluster, number, key) for number in range(PROGRAMS)]
        games = [Game(number, cluster.broker.port, key, MODEL) for number in range(GAMES)]
        clients = [*talkers, *programs, *games]
        health = HealthWatch([portal.base_url for portal in cluster.portals], cluster.portals[0].admin())
        stop, stop_threads = asyncio.Event(), threading.Event()
        threads = [threading.Thread(target=game.talk, args=(stop_threads,), daemon=True) for game in games]
        for thread in threads:
            thread.start()
        tasks = [asyncio.create_task(one.talk(stop)) for one in (*talkers, *programs)]
        watching = asyncio.create_task(health.watch(stop))
        rows = [await _phase(Fault("nothing", lambda: None, lambda: None), clients, health)]
        for fault in [one for one in faults(cluster) if only in one.name]:
            rows.append(await _phase(fault, clients, health))
        stop.set()
        stop_threads.set()
        await asyncio.gather(*tasks, watching)
        await asyncio.gather(*(asyncio.to_thread(thread.join, 100) for thread in threads))
        verdicts = [await talker.verdict() for talker in talkers]
        hung = sum(thread.is_alive() for thread in threads)
    broken = [line for talker in talkers for line in talker.broken]
    foreign = sum(foreign for _, foreign in verdicts) + sum(one.foreign for one in (*programs, *games))
    return _say(rows, sum(missing for missing, _ in verdicts), foreign, hung, broken)


async def _sign_in(cluster: Cluster, email: str) -> httpx.AsyncClient:
    http = httpx.AsyncClient(base_url=cluster.url, timeout=15)
    account = {"email": email, "password": PASSWORD}
    (await http.post("/api/auth/register", json=account)).raise_for_status()
    login = (await http.post("/api/auth/login", json=account)).raise_for_status()
    http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return http


def _program(cluster: Cluster, number: int, key: str) -> Program:
    http = httpx.AsyncClient(base_url=cluster.url, timeout=15, headers={"authorization": f"Bearer {key}"})
    return Program(number, http, random.Random(SEED + 100 + number), MODEL)


async def _phase(fault: Fault, clients: list[Talker | Program | Game], health: HealthWatch) -> str:
    for client in clients:
        client.tally = Tally()
    struck_at = time.monotonic()
    await asyncio.to_thread(fault.strike)
    await asyncio.sleep(DOWN_SECONDS)
    seen = health.seen_after(struck_at)
    mended_at = time.monotonic()
    await asyncio.to_thread(fault.mend)
    await asyncio.sleep(CALM_SECONDS)
    gone = await health.wait_until_gone(mended_at, MEND_LIMIT_SECONDS)
    doors = [[one.tally for one in clients if isinstance(one, kind)] for kind in (Talker, Program, Game)]
    answers = " / ".join(str(sum(tally.answers for tally in door)) for door in doors)
    failures = " / ".join(str(sum(tally.failures for tally in door)) for door in doors)
    resumed = sum(tally.resumed for door in doors for tally in door)
    slowest = max(tally.slowest_seconds for door in doors for tally in door)
    shown = (
        f"{seconds:.1f}" if seconds is not None else "–"
        for seconds in (seen, gone if seen is not None else None)
    )
    row = f"| {fault.name} | {answers} | {failures} | {resumed} | {slowest:.1f} | {' | '.join(shown)} |"
    refused = sum((one.refusals for one in clients if isinstance(one, Game)), Counter[str]())
    sys.stderr.write(f"{row} {dict(refused)}\n")
    return row


def _say(rows: list[str], missing: int, foreign: int, hung: int, broken: list[str]) -> int:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit `{commit.stdout.strip() or 'unknown'}`; {PAGES} pages, "
        f"{PROGRAMS} programs at /v1, {GAMES} games over MQTT; each fault {DOWN_SECONDS:.0f} s, seed {SEED}",
        "",
        "| what went wrong | answers (page / v1 / MQTT) | tries that failed | streams resumed | slowest answer, s "
        "| seen in health after, s | gone after, s |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"acknowledged answers missing: {missing}; answers of others seen: {foreign}; requests without an end: {hung}; "
        f"streams broken: {len(broken)}",
        *broken[:10],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(missing or foreign or hung or broken))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "")))
