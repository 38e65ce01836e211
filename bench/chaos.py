"""`make chaos`: kills each part of a cluster in turn (`kill -9`) while clients talk through nginx, and counts what was lost.

Each client has sessions of its own and asks, whole or streamed, until it has an answer, as a good client does. In the end
every answer that it was given must be in its session, in order, and nothing of anybody else's; a stream that broke must
go on where it was, by whichever portal, with the same bytes under the same numbers.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from bench.cluster import Cluster, run_cluster

SEED = 7
CLIENTS = 8
CALM_SECONDS = 4.0
DOWN_SECONDS = 3.0
GIVE_UP_SECONDS = 60.0
PASSWORD = secrets.token_urlsafe()


@dataclass
class Tally:
    """What clients saw since the last fault began."""

    answers: int = 0
    failures: int = 0
    resumed: int = 0
    slowest_seconds: float = 0.0

    def fail(self) -> None:
        self.failures += 1


@dataclass
class Talker:
    """One client and what it was told."""

    number: int
    http: httpx.AsyncClient
    random: random.Random
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    async def talk(self, stop: asyncio.Event) -> None:
        """Ask one thing after the other until it is told to stop; what was begun is finished."""
        for count in itertools.count():
            if stop.is_set():
                return
            session = f"client-{self.number}-{count % 3}"
            message = f"client {self.number} asks {count}"
            began = time.monotonic()
            answer = await self._insist(session, message, f"{self.number}-{count}", count % 2 == 0)
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
            self.tally.answers += 1
            self.told.setdefault(session, []).append((message, answer))
            await asyncio.sleep(self.random.uniform(0.05, 0.3))

    async def _insist(self, session: str, message: str, key: str, is_streamed: bool) -> str:
        """Ask until there is an answer: with the same key when nobody answered, with a new one after an error."""
        ask = self._stream if is_streamed else self._whole
        async with asyncio.timeout(GIVE_UP_SECONDS):
            for attempt in itertools.count():
                while True:
                    try:
                        return await ask(session, message, f"{key}-{attempt}")
                    except httpx.HTTPError:
                        self.tally.fail()
                    except _TryAgain:
                        self.tally.fail()
                        break
                    finally:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(0.1)
        raise AssertionError("unreachable")

    async def _whole(self, session: str, message: str, key: str) -> str:
        body = {"session_id": session, "message": message}
        answer = await self.http.post("/api/llm/chat/session", json=body, headers={"idempotency-key": key})
        if answer.status_code != 200:
            raise _TryAgain(answer.text)
        return str(answer.json()["response"])

    async def _stream(self, session: str, message: str, key: str) -> str:
        body = {"session_id": session, "message": message}
        seen: dict[int, bytes] = {}
        turn_id = ""
        request: tuple[str, str, dict[str, object]] = (
            "POST",
            "/api/llm/chat/session/stream",
            {"json": body, "headers": {"idempotency-key": key}},
        )
        while True:
            method, path, options = request
            try:
                async for number, data in self._events(method, path, **options):
                    if number in seen and seen[number] != data:
                        self.broken.append(f"{message}: event {number} came twice, with other bytes")
                    seen[number] = data
                    event = json.loads(data)
                    turn_id = event.get("turn_id", turn_id)
                    if "error" in event:
                        raise _TryAgain(str(event["error"]))
                    if event.get("done"):
                        if sorted(seen) != list(range(1, max(seen) + 1)):
                            self.broken.append(f"{message}: events are missing from {sorted(seen)}")
                        return "".join(json.loads(seen[n]).get("content", "") for n in sorted(seen))
                raise _TryAgain("the stream ended early")
            except (httpx.HTTPError, _TryAgain):
                if not turn_id or "error" in json.loads(seen[max(seen)]):
                    raise
                self.tally.fail()
                self.tally.resumed += 1
                await asyncio.sleep(0.2)
                headers = {"last-event-id": str(max(seen))}
                request = ("GET", f"/api/llm/turns/{turn_id}/events", {"headers": headers})

    async def _events(self, method: str, path: str, **options: object):  # type: ignore[no-untyped-def]
        async with self.http.stream(method, path, **options) as answer:  # type: ignore[arg-type]
            if answer.status_code != 200:
                raise _TryAgain((await answer.aread()).decode(errors="replace"))
            number = 0
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("data: "):
                    yield number, line[6:].encode()

    async def verdict(self) -> tuple[int, int]:
        """Return how many acknowledged answers are missing, and how many messages of others are seen."""
        missing = foreign = 0
        for session, told in self.told.items():
            history = await self.http.get(f"/api/llm/chat/session/{session}/history")
            kept = [message["content"] for message in history.json()["messages"]]
            expected = [text for pair in told for text in pair]
            positions = iter(kept)
            missing += sum(text not in positions for text in expected)
            foreign += sum(f"client {self.number} " not in text for text in kept)
        return missing, foreign


class _TryAgain(Exception):
    """The portal refused for now."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and how it is put right."""

    name: str
    strike: Callable[[], object]
    mend: Callable[[], object]


def faults(cluster: Cluster) -> list[Fault]:
    one, two = cluster.portals
    return [
        Fault("portal 1 killed", one.kill, one.start),
        Fault("portal 2 killed", two.kill, two.start),
        Fault("Redis killed (its data lost)", cluster.redis.kill, cluster.redis.start),
        Fault("PostgreSQL killed", cluster.postgres.kill, cluster.postgres.start),
    ]


async def main() -> int:
    with run_cluster() as cluster:
        talkers = [await _talker(cluster, number) for number in range(CLIENTS)]
        stop = asyncio.Event()
        tasks = [asyncio.create_task(talker.talk(stop)) for talker in talkers]
        rows = [await _phase("nothing", talkers, _nothing, _nothing)]
        for fault in faults(cluster):
            rows.append(await _phase(fault.name, talkers, _in_thread(fault.strike), _in_thread(fault.mend)))
        stop.set()
        await asyncio.gather(*tasks)
        verdicts = [await talker.verdict() for talker in talkers]
        broken = [line for talker in talkers for line in talker.broken]
    return _say(
        rows, sum(missing for missing, _ in verdicts), sum(foreign for _, foreign in verdicts), broken
    )


async def _talker(cluster: Cluster, number: int) -> Talker:
    http = httpx.AsyncClient(base_url=cluster.url, timeout=15)
    account = {"email": f"client-{number}@example.org", "password": PASSWORD}
    (await http.post("/api/auth/register", json=account)).raise_for_status()
    login = (await http.post("/api/auth/login", json=account)).raise_for_status()
    http.headers["authorization"] = f"Bearer {login.json()['access_token']}"
    return Talker(number, http, random.Random(SEED + number))


async def _nothing() -> None: ...


def _in_thread(work: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    return lambda: asyncio.to_thread(work)


async def _phase(
    name: str,
    talkers: list[Talker],
    strike: Callable[[], Awaitable[object]],
    mend: Callable[[], Awaitable[object]],
) -> str:
    for talker in talkers:
        talker.tally = Tally()
    await strike()
    await asyncio.sleep(DOWN_SECONDS)
    await mend()
    await asyncio.sleep(CALM_SECONDS)
    tallies = [talker.tally for talker in talkers]
    answers, failures = sum(tally.answers for tally in tallies), sum(tally.failures for tally in tallies)
    resumed, slowest = (
        sum(tally.resumed for tally in tallies),
        max(tally.slowest_seconds for tally in tallies),
    )
    return f"| {name} | {answers} | {failures} | {resumed} | {slowest:.1f} |"


def _say(rows: list[str], missing: int, foreign: int, broken: list[str]) -> int:
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {CLIENTS} clients, each fault {DOWN_SECONDS:.0f} s, seed {SEED}",
        "",
        "| what went wrong | answers | tries that failed | streams resumed | slowest answer, s |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"acknowledged answers missing: {missing}; messages of others seen: {foreign}; streams broken: {len(broken)}",
        *broken[:10],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(missing or foreign or broken))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
