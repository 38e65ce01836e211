"""`make chaos`: kills each part of a cluster in turn (`kill -9`), fills a disk, turns a clock and slows the database, while
pages, programs and games talk through nginx and the broker, and counts what was lost.

Each client has sessions of its own and asks, whole or streamed, until it has an answer, as a good client does. In the end
every answer that a page was given must be in its session, in order, and nothing of anybody else's; a stream that broke must
go on where it was, by whichever portal, with the same bytes under the same numbers.
"""

from __future__ import annotations

import argparse
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
from functools import partial
from pathlib import Path

import httpx

from bench.chaos_clients import Game, Program, Talker, Tally
from bench.chaos_health import HealthWatch
from bench.cluster import MODEL, ROOT, Cluster, PortalProcess, run_cluster

PAGES, PROGRAMS, GAMES = 6, 4, 4
CALM_SECONDS = 5.0
DOWN_SECONDS = 6.0
MEND_LIMIT_SECONDS = 15.0
SEEN_WITHIN_SECONDS, GONE_WITHIN_SECONDS = 5.0, 10.0
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
        Fault("portal 1 ended in order (SIGTERM)", one.stop, one.start),
        Fault("Redis killed (its data lost)", cluster.redis.kill, cluster.redis.start),
        Fault("PostgreSQL killed", cluster.postgres.kill, cluster.postgres.start),
        Fault("MQTT broker killed", cluster.broker.kill, cluster.broker.start),
        Fault("model server 1 killed", first.kill, first.start),
        Fault(
            "both model servers killed",
            partial(_each, first.kill, second.kill),
            partial(_each, first.start, second.start),
        ),
        Fault("database slowed to 2 s", lambda: _slow(cluster, 2.0), lambda: _slow(cluster, 0.0)),
    ]
    if cluster.small_disk is not None:
        ballast = cluster.small_disk / "ballast"
        found.append(Fault("disk of portal 1 full", lambda: _fill(ballast), ballast.unlink))
    if cluster.small_tablespace is not None:
        crumbs = cluster.small_tablespace / "ballast"
        found.append(Fault("disk of PostgreSQL full", lambda: _fill(crumbs), crumbs.unlink))
    if _CLOCK.exists():
        found.append(
            Fault(
                f"clock of portal 2 {SKEW_SECONDS} s ahead",
                lambda: _skew(two, SKEW_SECONDS),
                lambda: _skew(two, 0),
            )
        )
    return found


def _each(*acts: Callable[[], None]) -> None:
    for act in acts:
        act()


def _slow(cluster: Cluster, seconds: float) -> None:
    cluster.proxy.delay_seconds = seconds


def _fill(ballast: Path) -> None:
    """Write until nothing goes in any more, not even a page of a database."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


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


@dataclass(frozen=True)
class Row:
    """What one fault did; the times are of health, None where it never said so."""

    name: str
    shown: str
    seen_seconds: float | None
    gone_seconds: float | None
    last_fault: str

    def faults_of_health(self) -> list[str]:
        """Say what health was late with."""
        late = []
        if self.seen_seconds is None or self.seen_seconds > SEEN_WITHIN_SECONDS:
            late.append(f"{self.name}: seen after {_time(self.seen_seconds)}")
        if self.gone_seconds is None or self.gone_seconds > GONE_WITHIN_SECONDS:
            late.append(f"{self.name}: gone after {_time(self.gone_seconds)}, last was: {self.last_fault}")
        return late


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f}"


async def chaos(only: str, seed: int) -> int:
    """Run the faults whose name has `only` in it."""
    with run_cluster(has_small_disks=True) as cluster:
        people = [await _sign_in(cluster, f"client-{number}@example.org") for number in range(PAGES)]
        talkers = [
            Talker(number, http, random.Random(seed + number), model=MODEL)
            for number, http in enumerate(people)
        ]
        key = (await people[0].post("/api/keys", json={"name": "chaos"})).raise_for_status().json()["key"]
        programs = [_program(cluster, number, key, seed) for number in range(PROGRAMS)]
        games = [Game(number, cluster.broker.port, key, MODEL) for number in range(GAMES)]
        clients: list[Talker | Program | Game] = [*talkers, *programs, *games]
        loops: list[Talker | Program] = [*talkers, *programs]
        health = HealthWatch([portal.base_url for portal in cluster.portals], cluster.portals[0].admin())
        stop, stop_threads = asyncio.Event(), threading.Event()
        threads = [threading.Thread(target=game.talk, args=(stop_threads,), daemon=True) for game in games]
        for thread in threads:
            thread.start()
        tasks = [asyncio.create_task(one.talk(stop)) for one in loops]
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
    foreign = sum(foreign for _, foreign in verdicts) + sum(
        one.foreign for one in clients if not isinstance(one, Talker)
    )
    return _say(rows, seed, sum(missing for missing, _ in verdicts), foreign, hung, broken)


async def _sign_in(cluster: Cluster, email: str) -> httpx.AsyncClient:
    http = httpx.AsyncClient(base_url=cluster.url, timeout=15)
    account = {"email": email, "password": PASSWORD}
    (await http.post("/api/auth/register", json=account)).raise_for_status()
    login = (await http.post("/api/auth/login", json=account)).raise_for_status()
    http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return http


def _program(cluster: Cluster, number: int, key: str, seed: int) -> Program:
    http = httpx.AsyncClient(base_url=cluster.url, timeout=15, headers={"authorization": f"Bearer {key}"})
    return Program(number, http, random.Random(seed + 100 + number), MODEL)


async def _phase(fault: Fault, clients: list[Talker | Program | Game], health: HealthWatch) -> Row:
    for client in clients:
        client.tally = Tally()
    struck_at = time.monotonic()
    await asyncio.to_thread(fault.strike)
    await asyncio.sleep(DOWN_SECONDS)
    seen = health.seen_after(struck_at)
    await asyncio.to_thread(fault.mend)
    mended_at = time.monotonic()  # a portal has been started by now, and answers
    await asyncio.sleep(CALM_SECONDS)
    gone = await health.wait_until_gone(mended_at, MEND_LIMIT_SECONDS)
    doors = [[one.tally for one in clients if isinstance(one, kind)] for kind in (Talker, Program, Game)]
    answers = " / ".join(str(sum(tally.answers for tally in door)) for door in doors)
    failures = " / ".join(str(sum(tally.failures for tally in door)) for door in doors)
    resumed = sum(tally.resumed for door in doors for tally in door)
    slowest = max(tally.slowest_seconds for door in doors for tally in door)
    times = f"{_time(seen)} | {_time(gone if seen is not None else None)}"
    shown = f"| {fault.name} | {answers} | {failures} | {resumed} | {slowest:.1f} | {times} |"
    refused = sum((one.refusals for one in clients if isinstance(one, Game)), Counter[str]())
    sys.stderr.write(f"{shown} {dict(refused)}\n")
    return Row(fault.name, shown, seen, gone, health.last_fault)


def _say(rows: list[Row], seed: int, missing: int, foreign: int, hung: int, broken: list[str]) -> int:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    late = [line for row in rows[1:] for line in row.faults_of_health()]
    checks = {
        f"acknowledged answers missing: {missing}": not missing,
        f"answers of others seen: {foreign}": not foreign,
        f"requests without an end: {hung}": not hung,
        f"streams broken: {len(broken)}": not broken,
        f"faults that health did not show within {SEEN_WITHIN_SECONDS:.0f} s, or still showed {GONE_WITHIN_SECONDS:.0f} s "
        f"after they were mended: {len(late)}": not late,
        f"faults that health showed while there was none: {int(rows[0].seen_seconds is not None)}": (
            rows[0].seen_seconds is None
        ),
    }
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit `{commit.stdout.strip() or 'unknown'}`; {PAGES} pages, "
        f"{PROGRAMS} programs at /v1, {GAMES} games over MQTT; each fault {DOWN_SECONDS:.0f} s, seed {seed}",
        "",
        "| what went wrong | answers (page / v1 / MQTT) | tries that failed | streams resumed | slowest answer, s "
        "| seen in health after, s | gone after, s |",
        "|---|---|---|---|---|---|---|",
        *(row.shown for row in rows),
        "",
        *(f"{'PASS' if holds else 'FAIL'}  {said}" for said, holds in checks.items()),
        *late,
        *broken[:10],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(not all(checks.values()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="only faults whose name has this in it")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    return asyncio.run(chaos(given.only, given.seed))


if __name__ == "__main__":
    sys.exit(main())
