"""`make soak-mqtt`: a hundred devices play at once; what the portal holds must not grow with what it has answered.

Each device asks in its session, sends a game's state, or stops what it asked, and waits a little; sessions are cleared now
and then, as games end. An hour of play is a hundred devices that ask every ten seconds: 36,000 answers, here in minutes.
The events of ended turns are kept for half a minute instead of ten, so that they do not hide what grows. The first
`--warm` part fills caches and pools and does not count. Ends with 1 when a statement does not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import secrets
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.mqtt import Http
from bench.mqtt_asker import send_at_once
from bench.portal_process import RunningPortal, free_port, run_portal, run_upstream

DEVICES, SAMPLE_SECONDS, SAID_EVERY = 100, 5.0, 6
HOUR_ANSWERS = 36_000
GROWTH_PERCENT, FILES_PERCENT = 5.0, 10.0
ANSWER_SECONDS, REST_SECONDS = 20.0, 7.0
KEPT_SECONDS = 30


class Player:
    """One device that plays until it is stopped; `done` counts answers, `lost` what was not answered in time."""

    def __init__(self, port: int, device: dict[str, Any], seed: int, pause_seconds: float) -> None:
        self.done = self.lost = self.errors = 0
        self._pause_seconds = pause_seconds
        self._name, self._secret = device["client"], device["secret"]
        self._dice, self._heard = random.Random(seed), threading.Event()
        self._paho = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._paho.username_pw_set(self._name, self._secret)
        self._paho.on_socket_open = send_at_once
        self._paho.on_message = self._hear
        self._paho.connect("127.0.0.1", port)
        self._paho.subscribe(f"pp/v1/{self._name}/res/#", 1)
        self._paho.loop_start()

    def play(self, is_over: threading.Event) -> None:
        count = 0
        while not is_over.wait(self._dice.uniform(0, 2 * self._pause_seconds)):
            count += 1
            self._heard.clear()
            self._move(count)
            self.lost += not self._heard.wait(ANSWER_SECONDS)
        self._paho.disconnect()
        self._paho.loop_stop()

    def _move(self, count: int) -> None:
        what, session = self._dice.random(), f"game-{self._name}"
        if what < 0.1:
            self._say("req", {"id": f"c{count}", "op": "clear", "session_id": session})
        elif what < 0.3:
            state = {"token": self._secret, "sessionId": session, "tick": count, "player_pos": [count, 0]}
            reply = f"pp/v1/{self._name}/res/s{count}"
            self._paho.publish("maze/state", json.dumps({**state, "replyTopic": reply}), 1)
        else:
            ask = {"id": f"q{count}", "session_id": session, "message": "Which way?", "stream": True}
            self._say("req", ask)
            if what < 0.4:
                self._say(f"cancel/q{count}", {})

    def _say(self, topic: str, payload: dict[str, Any]) -> None:
        self._paho.publish(f"pp/v1/{self._name}/{topic}", json.dumps(payload), 1)

    def _hear(self, _paho: Client, _data: Any, message: MQTTMessage) -> None:
        is_error = message.payload.startswith(b"Error:")
        kind = "error" if is_error else json.loads(message.payload).get("type")
        if kind in (None, "final", "error"):
            self.done += 1
            self.errors += kind == "error"
            self._heard.set()


@dataclass(frozen=True, slots=True)
class Sample:
    """What the portal's process holds; `pending` are requests that it has not answered."""

    seconds: float
    answers: int
    memory_mb: float
    files: int
    threads: int
    pending: int

    def line(self) -> str:
        return (
            f"{self.seconds:6.0f} s: memory {self.memory_mb:.1f} MB, {self.files} files, {self.threads} threads, "
            f"{self.pending} pending, {self.answers} answers"
        )


class Watch:
    """Looks at the portal, and says what grew."""

    def __init__(self, portal: RunningPortal, metrics_token: str, players: list[Player]) -> None:
        self.samples: list[Sample] = []
        self._process, self._players = portal.process, players
        self._metrics = urllib.request.Request(portal.base_url + "/metrics")
        self._metrics.add_header("authorization", f"Bearer {metrics_token}")
        self._began = time.monotonic()

    def take(self) -> Sample:
        with urllib.request.urlopen(self._metrics, timeout=30) as answer:
            text = answer.read().decode()
        pending = re.findall(r"^portal_mqtt_requests_(?:running|waiting)\S* (\S+)", text, re.MULTILINE)
        sample = Sample(
            seconds=time.monotonic() - self._began,
            answers=sum(player.done for player in self._players),
            memory_mb=self._process.memory_info().rss / 1e6,
            files=self._process.num_fds(),
            threads=self._process.num_threads(),
            pending=round(sum(map(float, pending))) if pending else -1,
        )
        self.samples.append(sample)
        return sample

    def checks(self, warm_seconds: float, rest: Sample) -> list[tuple[bool, str]]:
        """Return each statement and whether it holds."""
        warm = [sample for sample in self.samples if sample.seconds >= warm_seconds and sample is not rest]
        memory = [sample.memory_mb for sample in warm]
        grown = statistics.linear_regression([one.answers for one in warm], memory).slope * HOUR_ANSWERS
        percent = 100 * grown / statistics.mean(memory)
        third = max(1, len(warm) // 3)
        early, late = (statistics.mean(one.files for one in part) for part in (warm[:third], warm[-third:]))
        lost, errors = (sum(getattr(player, what) for player in self._players) for what in ("lost", "errors"))
        return [
            (
                percent <= GROWTH_PERCENT,
                f"memory once warm: {memory[0]:.0f} to {memory[-1]:.0f} MB over {warm[-1].answers - warm[0].answers} answers; "
                f"{grown:+.1f} MB in an hour of play ({HOUR_ANSWERS} answers), {percent:+.1f} % (at most {GROWTH_PERCENT:g} %)",
            ),
            (
                late <= early * (1 + FILES_PERCENT / 100),
                f"open files, first and last third: {early:.0f} and {late:.0f} (at most {FILES_PERCENT:g} % more)",
            ),
            (rest.pending == 0, f"requests pending at rest: {rest.pending}"),
            (
                rest.threads <= warm[0].threads,
                f"threads once warm and at rest: {warm[0].threads} and {rest.threads}",
            ),
            (errors <= rest.answers / 1000, f"answers that were errors: {errors} (at most one in 1,000)"),
            (lost == 0, f"requests without an answer: {lost} of {rest.answers + lost}"),
        ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--warm", type=float, help="minutes that do not count (a third, at most 10)")
    parser.add_argument(
        "--pause", type=float, default=0.5, help="seconds that a device waits between requests"
    )
    options = parser.parse_args()
    warm_minutes = options.warm if options.warm is not None else min(10.0, options.minutes / 3)
    token = secrets.token_urlsafe()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        run_upstream(chunks=5, interval_seconds=0.02) as upstream,
        run_portal(
            Path(folder),
            LLM_SERVER_URL=upstream,
            MQTT_OWN_BROKER="true",
            MQTT_LISTEN_PORT=str(free_port()),
            METRICS_TOKEN=token,
            TURN_EVENTS_SECONDS=str(KEPT_SECONDS),
            LLM_MAX_CONCURRENCY="32",
            LLM_MAX_TOKENS="5",  # the bench server says as many words as it may
        ) as portal,
    ):
        http = Http(portal.base_url)
        while (place := http.call("GET", "/api/mqtt"))["status"] != "connected":
            time.sleep(0.05)
        wish = {"name": "soak", "projects": ["maze"]}
        players = [
            Player(place["port"], http.call("POST", "/api/devices", wish), seed, options.pause)
            for seed in range(DEVICES)
        ]
        watch = Watch(portal, token, players)
        _play(players, watch, options.minutes * 60)
        time.sleep(REST_SECONDS)
        rest = watch.take()
    checks = watch.checks(warm_minutes * 60, rest)
    print(
        f"{DEVICES} devices, {options.minutes:g} minutes, the first {warm_minutes:.1f} to get warm; at rest:"
    )
    print(rest.line())
    print("\n".join(f"{'PASS' if holds else 'FAIL'}  {said}" for holds, said in checks))
    return 0 if all(holds for holds, _ in checks) else 1


def _play(players: list[Player], watch: Watch, seconds: float) -> None:
    is_over = threading.Event()
    threads = [threading.Thread(target=player.play, args=(is_over,)) for player in players]
    for thread in threads:
        thread.start()
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        sample = watch.take()
        if len(watch.samples) % SAID_EVERY == 1:
            sys.stderr.write(sample.line() + "\n")
        time.sleep(SAMPLE_SECONDS)
    is_over.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
