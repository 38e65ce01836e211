"""`make soak`: 200 mixed clients at a portal with PostgreSQL, Redis and a broker for half an hour; says what grew.

Half of the clients look around, the others ask: pages, programs at /v1 and games; each thinks a while in between, so that
two cores carry them (`--think 1` is a crowd in a hurry). The first half fills caches, pools and the events of ended turns,
which are kept for ten minutes: only the second half counts. Ends with 1 when a statement does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from bench.chaos_clients import Game, Program, Talker
from bench.cluster import MODEL, ROOT, Cluster, run_cluster
from bench.soak_growth import Growth, Verdict, p99

SEED = 11
SAMPLE_SECONDS = 5.0
SAID_EVERY = 12
CONVERSATION_TURNS = 12
PASSWORD = secrets.token_urlsafe()
_WORDS = {True: "PASS", False: "FAIL", None: "----  not judged:"}
_PATHS = ("/api/sessions", "/api/models", "/api/templates", "/api/auth/me", "/api/announcements", "/healthz")


@dataclass
class Reader:
    """Somebody who looks around: lists, models, templates."""

    http: httpx.AsyncClient
    random: random.Random
    latencies: list[tuple[float, float]]
    pause_seconds: float
    failures: int = 0

    async def talk(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(self.random.uniform(0, 2 * self.pause_seconds))
            began = time.monotonic()
            try:
                answer = await self.http.get(self.random.choice(_PATHS))
                self.failures += answer.status_code != 200
                self.latencies.append((began, time.monotonic() - began))
            except httpx.HTTPError:
                self.failures += 1


class Crowd:
    """Everybody who uses the cluster, from `enter` to `leave`."""

    def __init__(self, cluster: Cluster, people: list[httpx.AsyncClient], key: str, options: Options) -> None:
        self.latencies: list[tuple[float, float]] = []
        count, think = options.clients, options.think
        self.readers = [
            Reader(people[number % len(people)], random.Random(SEED + number), self.latencies, think)
            for number in range(count // 2)
        ]
        self.pages = [
            Talker(
                number,
                people[number % len(people)],
                random.Random(number),
                model=MODEL,
                pause_seconds=2 * think,
                conversation_turns=CONVERSATION_TURNS,
            )
            for number in range(count // 4)
        ]
        bearer = {"authorization": f"Bearer {key}"}
        self._at_v1 = httpx.AsyncClient(base_url=cluster.url, timeout=30, headers=bearer)
        self.programs = [
            Program(number, self._at_v1, random.Random(number), MODEL, pause_seconds=2 * think)
            for number in range(count // 5)
        ]
        self.games = [
            Game(number, cluster.broker.port, key, MODEL, pause_seconds=think)
            for number in range(max(1, count // 20))
        ]
        self._stop, self._stop_games = asyncio.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=game.talk, args=(self._stop_games,), daemon=True) for game in self.games
        ]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def _doors(self) -> list[list[Talker] | list[Program] | list[Game]]:
        return [self.pages, self.programs, self.games]

    @property
    def answers(self) -> list[int]:
        """How many answers each door gave: pages, programs, games."""
        return [sum(one.tally.answers for one in door) for door in self._doors]

    @property
    def failures(self) -> int:
        talkers = sum(one.tally.failures for door in self._doors for one in door)
        return talkers + sum(one.failures for one in self.readers)

    def enter(self) -> None:
        for thread in self._threads:
            thread.start()
        everybody: list[Reader | Talker | Program] = [*self.readers, *self.pages, *self.programs]
        self._tasks = [asyncio.create_task(one.talk(self._stop)) for one in everybody]

    async def leave(self) -> None:
        self._stop.set()
        self._stop_games.set()
        await asyncio.gather(*self._tasks)
        await asyncio.gather(*(asyncio.to_thread(thread.join, 60) for thread in self._threads))
        await self._at_v1.aclose()


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how many, how hasty."""

    minutes: float
    warm: float
    clients: int
    think: float


async def soak(options: Options) -> int:
    with run_cluster() as cluster:
        people = [
            await _sign_in(cluster, f"soak-{number}@example.org")
            for number in range(max(4, options.clients // 10))
        ]
        key = (await people[0].post("/api/keys", json={"name": "soak"})).raise_for_status().json()["key"]
        crowd, growth = Crowd(cluster, people, key, options), Growth(options.warm * 60)
        crowd.enter()
        began = time.monotonic()
        ends_at = began + options.minutes * 60
        while time.monotonic() < ends_at:
            sample = await asyncio.to_thread(growth.take, cluster, began, sum(crowd.answers))
            if len(growth.samples) % SAID_EVERY == 1:
                sys.stderr.write(sample.line() + "\n")
            await asyncio.sleep(SAMPLE_SECONDS)
        await crowd.leave()
        for person in people:
            await person.aclose()
    warm_from = began + options.warm * 60
    third = (ends_at - warm_from) / 3
    early = p99(crowd.latencies, warm_from, warm_from + third)
    late = p99(crowd.latencies, ends_at - third, ends_at)
    return _say(options, growth, crowd, growth.checks(early, late))


async def _sign_in(cluster: Cluster, email: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    http = httpx.AsyncClient(base_url=cluster.url, timeout=30, limits=limits)
    account = {"email": email, "password": PASSWORD}
    (await http.post("/api/auth/register", json=account)).raise_for_status()
    login = (await http.post("/api/auth/login", json=account)).raise_for_status()
    http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return http


def _say(options: Options, growth: Growth, crowd: Crowd, checks: list[Verdict]) -> int:
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    answers, asked = " / ".join(map(str, crowd.answers)), sum(crowd.answers) + len(crowd.latencies)
    checks = [
        *checks,
        (
            crowd.failures <= asked / 1000,
            f"tries that failed: {crowd.failures} of {asked} (at most one in 1,000)",
        ),
    ]
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit `{commit or 'unknown'}`; {options.minutes:g} minutes, the first "
        f"{options.warm:g} to get warm; {options.clients} clients that think {options.think:g} s (readers, games) or "
        f"{2 * options.think:g} s (pages, programs); two portals",
        "",
        *(
            f"    {sample.line()}"
            for sample in growth.samples[:: SAID_EVERY * max(1, int(options.minutes / 10))]
        ),
        f"    {growth.samples[-1].line()}",
        "",
        f"answers (page / v1 / MQTT): {answers}; reads: {len(crowd.latencies)}",
        *(f"{_WORDS[holds]}  {said}" for holds, said in checks),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(any(holds is False for holds, _ in checks))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--warm", type=float, help="minutes that do not count (the first half)")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument(
        "--think", type=float, default=5.0, help="seconds a reader or a game waits between two requests"
    )
    given = parser.parse_args()
    warm = given.warm if given.warm is not None else given.minutes / 2
    return asyncio.run(soak(Options(given.minutes, warm, given.clients, given.think)))


if __name__ == "__main__":
    sys.exit(main())
