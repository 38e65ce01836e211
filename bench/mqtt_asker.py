"""A device that asks many things over MQTT 5 and keeps count of what it hears, through whatever happens to the broker."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter, defaultdict
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_SESSION_SECONDS = 3600


def send_at_once(_client: Client, _data: Any, connection: Any) -> None:
    """Let no packet wait for the next one; called by paho when a socket is open."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Asker:
    """One client with a session that the broker keeps; `answers` has every different answer to an id."""

    def __init__(self, port: int, client: str, token: str) -> None:
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.heard: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.asked_at: dict[str, float] = {}
        self.times: list[float] = []
        self._sent: list[tuple[int, str]] = []
        self._acknowledged: set[int] = set()
        self._client, self._token = client, token
        self._lock = threading.Lock()
        self._paho = Client(CallbackAPIVersion.VERSION2, client, protocol=MQTTProtocolVersion.MQTTv5)
        self._paho.max_inflight_messages_set(1_000)
        self._paho.max_queued_messages_set(0)
        self._paho.reconnect_delay_set(1, 1)
        self._paho.on_socket_open = send_at_once
        self._paho.on_connect = lambda paho, *_: paho.subscribe(f"pp/v1/{client}/res/#", 1)
        self._paho.on_message = self._hear
        self._paho.on_publish = self._was_acknowledged
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_SECONDS
        self._paho.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self._paho.loop_start()

    def ask(self, number: str) -> None:
        """Ask, or ask again: the id is the question."""
        body: dict[str, Any] = {"id": number, "token": self._token, "max_tokens": 3}
        body["messages"] = [{"role": "user", "content": number}]
        self.asked_at.setdefault(number, time.perf_counter())
        # no lock around this: paho has one of its own, under which it calls back
        info = self._paho.publish(f"pp/v1/{self._client}/req", json.dumps(body), 1)
        self._sent.append((info.mid, number))

    @property
    def answered(self) -> int:
        with self._lock:
            return len(self.answers)

    def close(self) -> None:
        self._paho.disconnect()
        self._paho.loop_stop()

    def unanswered(self) -> set[str]:
        """Return what was asked and not answered."""
        with self._lock:
            return self.asked_at.keys() - self.answers.keys()

    @property
    def acknowledged(self) -> set[str]:
        """What the broker said that it has (packet ids come again after 65,535 requests)."""
        return {number for mid, number in self._sent if mid in self._acknowledged}

    def _was_acknowledged(self, _paho: Client, _data: Any, mid: int, *_: Any) -> None:
        self._acknowledged.add(mid)

    def _hear(self, _paho: Client, _data: Any, message: MQTTMessage) -> None:
        frame = json.loads(message.payload)
        if frame["type"] == "error":
            self.errors[frame["error"]["code"]] += 1
        if frame["type"] not in ("final", "error"):
            return
        with self._lock:
            number = frame["id"]
            if not self.heard[number]:
                self.times.append(time.perf_counter() - self.asked_at[number])
            self.heard[number] += 1
            self.answers[number].add(frame["text"] if "text" in frame else f"error {frame['error']['code']}")
