"""`make chaos-mqtt`: thousands of requests through two bridges on a shared subscription, while their parts are killed.

Bridges, broker, PostgreSQL and Redis end by `kill -9` at random moments (`--seed`) and come back; one bridge stays away in
the end, so that the other must fetch what waits for it. Counts what was lost, what was computed twice though its answer was
stored, and whether questions that were asked again got the same answer. What a broker had acknowledged and forgot when it
was killed is asked again by its asker, under the same id, as a careful client does; it is counted by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.cluster import (
    SECRET,
    Mosquitto,
    PortalProcess,
    PostgresServer,
    RedisServer,
    ServerProcess,
    upgrade,
)
from bench.counting_upstream import CountingUpstream, counting_upstream
from bench.mqtt_asker import Asker

ASKERS, OUTSTANDING = 4, 300
AGAIN_EVERY = 20
PATIENCE_SECONDS = 45.0  # longer than a lease, and than what it takes to fetch a dead bridge's messages


@dataclass
class Place:
    """What runs. Parts are killed and started by name."""

    upstream: CountingUpstream
    broker: Mosquitto
    bridges: list[PortalProcess]
    others: dict[str, ServerProcess]
    killed: Counter[str] = field(default_factory=Counter)

    def parts(self) -> dict[str, ServerProcess]:
        bridges = {f"bridge {number}": bridge for number, bridge in enumerate(self.bridges, start=1)}
        return {**bridges, "broker": self.broker, **self.others}


@contextlib.contextmanager
def place(*, is_small: bool) -> Iterator[Place]:
    """Start it all: with PostgreSQL and Redis, or (`is_small`) with the two bridges on one SQLite file."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        upstream = stack.enter_context(counting_upstream())
        (folder / "broker").mkdir()
        broker = Mosquitto(folder / "broker")
        stack.callback(broker.kill)
        broker.start()
        settings, others = _storage(stack, folder, is_small)
        settings |= {
            "SECRET_KEY": SECRET,
            "LLM_SERVER_URL": f"http://127.0.0.1:{upstream.port}",
            "LLM_MAX_CONCURRENCY": "64",
            "LLM_MAX_QUEUED": "5000",
            "MQTT_BROKER_HOST": "127.0.0.1",
            "MQTT_BROKER_PORT": str(broker.port),
        }
        bridges = []
        for number in (1, 2):
            data = folder / f"portal-{number}"
            data.mkdir()
            bridge = PortalProcess(data, number, settings)
            stack.callback(bridge.kill)
            bridge.start()
            bridges.append(bridge)
        yield Place(upstream, broker, bridges, others)


def _storage(
    stack: contextlib.ExitStack, folder: Path, is_small: bool
) -> tuple[dict[str, str], dict[str, ServerProcess]]:
    if is_small:
        url = f"sqlite:///{folder / 'app.db'}"
        upgrade(url, folder)
        return {"DATABASE_URL": url}, {}
    postgres, redis = PostgresServer(is_durable=True), RedisServer(folder)
    stack.callback(postgres.remove)
    stack.callback(redis.kill)
    postgres.start()
    redis.start()
    database = postgres.create_database()
    upgrade(postgres.url(database), folder)
    return {"DATABASE_URL": postgres.url(database), "REDIS_URL": redis.url}, {
        "PostgreSQL": postgres,
        "Redis": redis,
    }


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    requests: int
    seconds: float
    lost: int
    forgotten_by_broker: int
    computed_again: int
    two_answers: int
    asked_again: int
    heard_again: int
    errors: Counter[str]
    killed: Counter[str]
    slowest_seconds: float

    @property
    def is_good(self) -> bool:
        return self.lost == 0 and self.two_answers == 0 and not self.errors


def run(
    here: Place,
    requests: int,
    seed: int,
    seconds: float,
    *,
    down: tuple[float, float],
    pause: tuple[float, float],
) -> Outcome:
    """Ask everything while parts are killed; give up `seconds` after the last question."""
    token = _key(here.bridges[0])
    askers = [Asker(here.broker.port, f"asker{number}", token) for number in range(ASKERS)]
    dice, done = random.Random(seed), threading.Event()
    villain = threading.Thread(target=_kill_at_random, args=(here, dice, done, down, pause))
    began = time.monotonic()
    villain.start()
    try:
        asked_again = _ask_all(askers, requests, lambda: time.monotonic() - began > seconds)
    finally:
        done.set()
        villain.join()
    here.bridges[1].kill()  # and it stays away: what the broker keeps for it must be fetched by the other
    here.killed["bridge 2"] += 1
    _wait_for(askers, requests, PATIENCE_SECONDS)
    forgotten = [(asker, number) for asker in askers for number in asker.unanswered() & asker.acknowledged]
    for asker, number in forgotten:
        asker.ask(number)
    _wait_for(askers, requests, PATIENCE_SECONDS)
    elapsed = time.monotonic() - began
    time.sleep(2)  # for answers that come twice
    for asker in askers:
        asker.close()
    return _outcome(here, askers, requests, asked_again, len(forgotten), elapsed)


def _wait_for(askers: list[Asker], requests: int, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while _answered(askers) < requests and time.monotonic() < give_up_at:
        time.sleep(0.1)


def _ask_all(askers: list[Asker], requests: int, is_over: Callable[[], bool]) -> int:
    """Keep OUTSTANDING questions open; every twentieth is asked a second time a while later."""
    asked_again = 0
    for number in range(requests):
        while number - _answered(askers) >= OUTSTANDING and not is_over():
            time.sleep(0.01)
        askers[number % ASKERS].ask(f"q{number}")
        if number % AGAIN_EVERY == 0 and number >= OUTSTANDING:
            before = number - OUTSTANDING
            askers[before % ASKERS].ask(f"q{before}")
            asked_again += 1
    return asked_again


def _kill_at_random(
    here: Place,
    dice: random.Random,
    done: threading.Event,
    down: tuple[float, float],
    pause: tuple[float, float],
) -> None:
    parts = here.parts()
    while not done.wait(dice.uniform(*pause)):
        name = dice.choice(sorted(parts))
        parts[name].kill()
        here.killed[name] += 1
        done.wait(dice.uniform(*down))
        parts[name].start()


def _answered(askers: list[Asker]) -> int:
    return sum(asker.answered for asker in askers)


def _key(bridge: PortalProcess) -> str:
    with bridge.client(bridge.register()) as client:
        return str(client.post("/api/keys", json={"name": "chaos"}).raise_for_status().json()["key"])


def _outcome(
    here: Place, askers: list[Asker], requests: int, asked_again: int, forgotten: int, seconds: float
) -> Outcome:
    answers = {number: said for asker in askers for number, said in asker.answers.items()}
    heard = sum((asker.heard for asker in askers), Counter[str]())
    return Outcome(
        requests=requests,
        seconds=seconds,
        lost=requests - len(answers),
        forgotten_by_broker=forgotten,
        computed_again=sum(count - 1 for count in here.upstream.computed.values()),
        two_answers=sum(len(said) > 1 for said in answers.values()),
        asked_again=asked_again,
        heard_again=sum(count - 1 for count in heard.values()),
        errors=sum((asker.errors for asker in askers), Counter[str]()),
        killed=here.killed,
        slowest_seconds=max((time for asker in askers for time in asker.times), default=0.0),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=180)
    options = parser.parse_args()
    with place(is_small=False) as here:
        outcome = run(
            here, options.requests, options.seed, options.seconds, down=(0.2, 4.0), pause=(2.0, 6.0)
        )
    killed = ", ".join(f"{name} {count}" for name, count in sorted(outcome.killed.items()))
    print(f"{outcome.requests} requests, seed {options.seed}, {outcome.seconds:.0f} s; killed: {killed}")
    print(f"lost: {outcome.lost}; errors: {dict(outcome.errors) or 0}")
    print(
        f"forgotten by the killed broker after it had acknowledged them, and asked again: {outcome.forgotten_by_broker}"
    )
    print(
        f"questions with two different answers (stored, and computed again all the same): {outcome.two_answers}"
    )
    print(f"computed again because a bridge died before its answer was stored: {outcome.computed_again}")
    print(f"asked a second time: {outcome.asked_again}; answers heard again, the same: {outcome.heard_again}")
    print(f"slowest answer: {outcome.slowest_seconds:.1f} s")
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
