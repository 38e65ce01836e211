"""What MicroPython's `umqtt.simple` offers, for examples that are written for it, over paho."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

_WAIT_SECONDS = 20


class MQTTClient:
    """The same names, arguments and blocking as on a board; MQTT 3.1.1."""

    pings = 0

    def __init__(
        self,
        client_id: str,
        server: str,
        port: int = 0,
        user: str = "",
        password: str = "",
        keepalive: int = 0,
    ) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.username_pw_set(user, password)
        self._place = server, port, keepalive
        self._arrived: queue.Queue[tuple[bytes, bytes]] = queue.Queue()
        self._confirmed: queue.Queue[int] = queue.Queue()
        self._callback: Callable[[bytes, bytes], None] | None = None
        self._client.on_message = lambda _client, _data, message: self._arrived.put(
            (message.topic.encode(), message.payload)
        )
        self._client.on_connect = lambda *_: self._confirmed.put(0)
        self._client.on_subscribe = lambda *_: self._confirmed.put(0)

    def set_callback(self, callback: Callable[[bytes, bytes], None]) -> None:
        self._callback = callback

    def set_last_will(self, topic: str, payload: bytes, retain: bool = False, qos: int = 0) -> None:
        self._client.will_set(topic, payload, qos, retain)

    def connect(self) -> None:
        self._client.connect(*self._place)
        self._client.loop_start()
        self._confirmed.get(timeout=_WAIT_SECONDS)

    def subscribe(self, topic: str, qos: int = 0) -> None:
        self._client.subscribe(topic, qos)
        self._confirmed.get(timeout=_WAIT_SECONDS)

    def publish(self, topic: str, payload: str, retain: bool = False, qos: int = 0) -> None:
        self._client.publish(topic, payload, qos, retain).wait_for_publish(_WAIT_SECONDS)

    def check_msg(self) -> None:
        assert self._callback is not None
        with contextlib.suppress(queue.Empty):
            self._callback(*self._arrived.get_nowait())

    def ping(self) -> None:
        MQTTClient.pings += 1  # paho does it by itself

    def disconnect(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()  # paho closes its own pair of sockets only when it is collected
