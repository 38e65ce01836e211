"""`make soak-mqtt`: a hundred devices play at once; what the portal holds must not grow with what it has answered.

Each device asks in its session, sends a game's state, or stops what it asked, and waits a little; sessions are cleared now
and then, as games end. Prints memory, threads, open files and what waits, every half minute, and the growth after the first.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.mqtt import Http
from bench.portal_process import free_port, run_portal, run_upstream

DEVICES, SAMPLE_SECONDS = 100, 30.0
PAUSE_SECONDS = 2.0


class Player:
    """One device that plays until it is stopped; `done` counts answers."""

    def __init__(self, port: int, device: dict[str, Any], seed: int) -> None:
        self.done = 0
        self._name, self._secret = device["client"], device["secret"]
        self._dice, self._heard = random.Random(seed), threading.Event()
        self._paho = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._paho.username_pw_set(self._name, self._secret)
        self._paho.on_socket_open = lambda _paho, _data, connection: connection.setsockopt(6, 1, 1)
        self._paho.on_message = self._hear
        self._paho.connect("127.0.0.1", port)
        self._paho.subscribe(f"pp/v1/{self._name}/res/#", 1)
        self._paho.loop_start()

    def play(self, is_over: threading.Event) -> None:
        count = 0
        while not is_over.wait(self._dice.uniform(0, 2 * PAUSE_SECONDS)):
            count += 1
            self._heard.clear()
            self._move(count)
            self._heard.wait(20)
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
        frame = json.loads(message.payload)
        if frame.get("type") in (None, "final", "error"):
            self.done += 1
            self._heard.set()


def sample(process: psutil.Process) -> dict[str, int]:
    """Return what the portal's process holds now."""
    return {
        "memory_mb": process.memory_info().rss >> 20,
        "threads": process.num_threads(),
        "files": process.num_fds(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        run_upstream(chunks=5, interval_seconds=0.02) as upstream,
        run_portal(
            Path(folder),
            LLM_SERVER_URL=upstream,
            MQTT_OWN_BROKER="true",
            MQTT_LISTEN_PORT=str(free_port()),
            LLM_MAX_CONCURRENCY="32",
            LLM_MAX_TOKENS="5",  # the bench server says as many words as it may
        ) as portal,
    ):
        http = Http(portal.base_url)
        while (place := http.call("GET", "/api/mqtt"))["status"] != "connected":
            time.sleep(0.05)
        wish = {"name": "soak", "projects": ["maze"]}
        players = [
            Player(place["port"], http.call("POST", "/api/devices", wish), seed) for seed in range(DEVICES)
        ]
        is_over = threading.Event()
        threads = [threading.Thread(target=player.play, args=(is_over,)) for player in players]
        for thread in threads:
            thread.start()
        samples = _watch(portal.process, players, options.minutes * 60)
        is_over.set()
        for thread in threads:
            thread.join()
        time.sleep(2)
        rest = sample(portal.process)
    first, last = samples[0], samples[-1]
    growth = ", ".join(f"{name} {first[name]} -> {last[name]} ({rest[name]} at rest)" for name in first)
    print(f"{DEVICES} devices, {options.minutes:g} minutes, {sum(player.done for player in players)} answers")
    print(f"after the first half minute and at the end: {growth}")
    return 0


def _watch(process: psutil.Process, players: list[Player], seconds: float) -> list[dict[str, int]]:
    samples = []
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        time.sleep(SAMPLE_SECONDS)
        samples.append(sample(process))
        print(
            f"{time.monotonic() - began:.0f} s: {samples[-1]}, answers {sum(player.done for player in players)}"
        )
        sys.stdout.flush()
    return samples


if __name__ == "__main__":
    sys.exit(main())
