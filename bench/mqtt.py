"""`make bench-mqtt`: what a request over MQTT costs over a raw echo at the same broker, in the same run.

Prints: round trips one by one, 1,000 requests in flight (lost, answered twice), ten games at 20 states a second, streams side
by side with the CPU of a delta, and how soon the portal is back after its broker was killed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.mqtt_asker import send_at_once
from bench.portal_process import RunningPortal, free_port, run_portal, run_upstream

ROUNDS = 400
STREAMS, DELTAS, DELTAS_A_SECOND = 500, 60, 20
IN_FLIGHT = 1_000
GAMES, STATES_A_SECOND, SECONDS = 10, 20, 10
WAIT_SECONDS = 120
CREDENTIALS = {"email": "bench@example.org", "password": "a long bench password"}


class Http:
    """The few calls that a bench makes over HTTP."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._token = ""
        self.call("POST", "/api/auth/register", CREDENTIALS)
        self._token = self.call("POST", "/api/auth/login", CREDENTIALS)["access_token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base_url + path, data=data, method=method)
        request.add_header("content-type", "application/json")
        if self._token:
            request.add_header("authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))


class Player:
    """A connected device; `hear` gets every message."""

    def __init__(self, port: int, device: dict[str, Any], hear: Callable[[MQTTMessage], None]) -> None:
        self.name, self.secret = device["client"], device["secret"]
        self._ready = threading.Semaphore(0)
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(self.name, self.secret)
        self.client.max_inflight_messages_set(2_000)
        self.client.max_queued_messages_set(0)
        self.client.on_socket_open = send_at_once
        self.client.on_connect = lambda *_: self._ready.release()
        self.client.on_subscribe = lambda *_: self._ready.release()
        self.client.on_message = lambda _client, _data, message: hear(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self._wait()

    def listen(self, *topics: str) -> None:
        self.client.subscribe([(topic, 1) for topic in topics])
        self._wait()

    def say(self, topic: str, payload: dict[str, Any]) -> None:
        self.client.publish(topic, json.dumps(payload), 1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _wait(self) -> None:
        if not self._ready.acquire(timeout=20):
            raise RuntimeError("the broker does not answer")


def round_trips(port: int, device: dict[str, Any], topic: str, heard_on: str, payload: Any) -> list[float]:
    """Send, wait for the answer, send again; returns milliseconds."""
    heard = threading.Semaphore(0)
    player = Player(port, device, lambda message: None if b"ping" in message.payload else heard.release())
    player.listen(heard_on)
    times = []
    for number in range(ROUNDS):
        started = time.perf_counter()
        player.say(topic, payload(number))
        if not heard.acquire(timeout=20):
            raise RuntimeError(f"no answer on {heard_on}")
        times.append((time.perf_counter() - started) * 1000)
    player.close()
    return times[ROUNDS // 10 :]


class Echo:
    """A second connection that answers each `ping` by a `pong`: what two passes through the broker cost without a portal.

    A device may both say and hear on one topic only, its status; there the portal hears it too, and does nothing.
    """

    def __init__(self, port: int, device: dict[str, Any]) -> None:
        self.topic = f"pp/v1/{device['client']}/status"
        self.player = Player(port, device, self._answer)
        self.player.listen(self.topic)

    def _answer(self, message: MQTTMessage) -> None:
        if b"ping" in message.payload:
            self.player.client.publish(self.topic, message.payload.replace(b"ping", b"pong"), 1)


def streams(port: int, device: dict[str, Any], process: psutil.Process) -> tuple[int, int, float, float]:
    """Stream side by side; returns deltas, streams that ended, seconds, and the portal's CPU microseconds a delta."""
    deltas, ended = 0, 0
    everything = threading.Event()

    def hear(message: MQTTMessage) -> None:
        nonlocal deltas, ended
        kind = json.loads(message.payload)["type"]
        deltas += kind == "delta"
        ended += kind in ("final", "error")
        if ended == STREAMS:
            everything.set()

    player = Player(port, device, hear)
    player.listen(f"pp/v1/{player.name}/res/#")
    before, started = process.cpu_times(), time.perf_counter()
    for number in range(STREAMS):
        player.say(
            f"pp/v1/{player.name}/req", {**question(f"s{number}"), "max_tokens": DELTAS, "stream": True}
        )
    everything.wait(WAIT_SECONDS)
    elapsed, after = time.perf_counter() - started, process.cpu_times()
    player.close()
    cpu = after.user + after.system - before.user - before.system
    return deltas, ended, elapsed, cpu / max(1, deltas) * 1e6


def back_after_kill(http: Http, portal: psutil.Process) -> float:
    """Kill the broker; returns the seconds from when it listens again until the portal is connected."""
    broker = next(child for child in portal.children(recursive=True) if child.name() == "mosquitto")
    place = http.call("GET", "/api/mqtt")
    broker.kill()
    broker.wait(5)
    listens = 0.0
    while True:
        if not listens:
            with contextlib.suppress(OSError):
                socket.create_connection((place["host"], place["port"]), timeout=1).close()
                listens = time.perf_counter()
        elif http.call("GET", "/api/mqtt")["status"] == "connected":
            return time.perf_counter() - listens
        time.sleep(0.01)


def in_flight(port: int, device: dict[str, Any]) -> tuple[float, Counter[str], int]:
    """Send all at once; returns the seconds, how often each id was answered, and the errors."""
    finals: Counter[str] = Counter()
    errors = 0
    everything = threading.Event()

    def hear(message: MQTTMessage) -> None:
        nonlocal errors
        frame = json.loads(message.payload)
        finals[frame["id"]] += 1
        errors += frame["type"] == "error"
        if len(finals) == IN_FLIGHT:
            everything.set()

    player = Player(port, device, hear)
    player.listen(f"pp/v1/{player.name}/res/#")
    started = time.perf_counter()
    for number in range(IN_FLIGHT):
        player.say(f"pp/v1/{player.name}/req", question(f"f{number}"))
    everything.wait(WAIT_SECONDS)
    elapsed = time.perf_counter() - started
    time.sleep(1)  # for answers that come twice
    player.close()
    return elapsed, finals, errors


def games(port: int, device: dict[str, Any]) -> tuple[int, int, list[float], int]:
    """Play at 20 states a second; returns states sent, hints, hint times in ms, and games without their last hint."""
    sent_at: dict[str, float] = {}
    hints: Counter[str] = Counter()
    heard_at: dict[str, float] = {}
    times: list[float] = []

    def hear(message: MQTTMessage) -> None:
        session = message.topic.split("/")[2]
        hints[session] += 1
        heard_at[session] = time.perf_counter()
        times.append((time.perf_counter() - sent_at[session]) * 1000)

    player = Player(port, device, hear)
    player.listen("maze/hint/#")
    for tick in range(STATES_A_SECOND * SECONDS):
        began = time.perf_counter()
        for game in range(GAMES):
            session = f"game{game}"
            sent_at[session] = time.perf_counter()
            state = {"token": player.secret, "sessionId": session, "tick": tick, "player_pos": [tick, 0]}
            player.say("maze/state", state)
        time.sleep(max(0.0, 1 / STATES_A_SECOND - (time.perf_counter() - began)))
    time.sleep(3)
    silent = sum(heard_at.get(session, 0.0) < sent for session, sent in sent_at.items())
    player.close()
    return STATES_A_SECOND * SECONDS * GAMES, sum(hints.values()), times, silent


def question(number: str) -> dict[str, Any]:
    return {"id": number, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}


def said(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms"


def main() -> int:
    with place_for(chunks=5, interval_seconds=0) as (http, _portal):
        device = http.call("POST", "/api/devices", {"name": "bench", "projects": ["maze"]})
        place = http.call("GET", "/api/mqtt")
        report(place["port"], device)
    report_streams()
    return 0


@contextlib.contextmanager
def place_for(*, chunks: int, interval_seconds: float) -> Iterator[tuple[Http, RunningPortal]]:
    """Run a portal with a broker of its own and a model server of this pace; signed in."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        run_upstream(chunks=chunks, interval_seconds=interval_seconds) as upstream,
        run_portal(
            Path(folder),
            LLM_SERVER_URL=upstream,
            MQTT_OWN_BROKER="true",
            MQTT_LISTEN_PORT=str(free_port()),
            LLM_MAX_CONCURRENCY=str(STREAMS if interval_seconds else 32),
            LLM_MAX_QUEUED="2000",
        ) as portal,
    ):
        http = Http(portal.base_url)
        while (place := http.call("GET", "/api/mqtt"))["status"] != "connected":
            if place["status"] == "off":
                raise SystemExit("error: there is no Mosquitto on this machine")
            time.sleep(0.05)
        yield http, portal


def report_streams() -> None:
    with place_for(chunks=DELTAS, interval_seconds=1 / DELTAS_A_SECOND) as (http, portal):
        device = http.call("POST", "/api/devices", {"name": "bench"})
        port = http.call("GET", "/api/mqtt")["port"]
        deltas, ended, elapsed, cpu = streams(port, device, portal.process)
        wished = DELTAS / DELTAS_A_SECOND
        sys.stdout.write(
            f"{STREAMS} streams at {DELTAS_A_SECOND} deltas a second: {ended} ended, {deltas} deltas, "
            f"{elapsed:.1f} s (paced: {wished:.1f} s), CPU of the portal a delta {cpu:.0f} us\n"
            f"connected again after the broker was killed and listens: {back_after_kill(http, portal.process):.2f} s\n"
        )


def report(port: int, device: dict[str, Any]) -> None:
    own = f"pp/v1/{device['client']}"
    echo = round_trips(port, device, f"{own}/status", f"{own}/status", lambda number: {"number": number})
    echoing = Echo(port, device)
    answered = round_trips(port, device, echoing.topic, echoing.topic, lambda number: {"ping": number})
    echoing.player.close()
    asked = round_trips(port, device, f"{own}/req", f"{own}/res/#", lambda number: question(f"r{number}"))
    lines = [
        f"an echo, one pass through the broker: {said(echo)}",
        f"an echo by another connection of this program, two passes: {said(answered)}",
        f"a request and its answer:  {said(asked)}",
        f"added to one pass, p50: {statistics.median(asked) - statistics.median(echo):.2f} ms",
    ]
    elapsed, finals, errors = in_flight(port, device)
    twice = sum(count > 1 for count in finals.values())
    lines.append(
        f"{IN_FLIGHT} requests at once: {elapsed:.1f} s, {IN_FLIGHT / elapsed:.0f} a second, "
        f"lost {IN_FLIGHT - len(finals)}, answered twice {twice}, errors {errors}"
    )
    states, hints, times, silent = games(port, device)
    lines.append(
        f"{GAMES} games at {STATES_A_SECOND} states a second for {SECONDS} s: {states} states, {hints} hints, "
        f"since the newest state {said(times)}, games without a hint after their last state {silent}"
    )
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    sys.exit(main())
