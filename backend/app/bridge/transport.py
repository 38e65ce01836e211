"""One connection to a broker: paho's thread behind an asyncio face, with acknowledgements by hand."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.bridge.certificates import read_certificates
from app.bridge.errors import AnswerTooLargeError
from app.bridge.members import BRIDGES
from app.bridge.paho_loop import PahoLoop
from app.bridge.profiles import PROFILES, BrokerProfile
from app.bridge.topics import SHARE, STATUSES

logger = logging.getLogger(__name__)

_KEEPALIVE_SECONDS = 30
_NAMED = 3  # of the topics that a broker refuses
_ENVELOPE_BYTES = 32  # what a PUBLISH has besides its topic, payload and Correlation Data, and a few more


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how to sign in there."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    websocket_path: str = ""
    profile: BrokerProfile = PROFILES["mosquitto"]


def tls_context(broker: Broker) -> ssl.SSLContext | None:
    """Return how to speak TLS to the broker; None where it speaks none. Raises CertificateFileError."""
    if not broker.is_tls:
        return None
    return read_certificates(broker.ca_file, broker.cert_file, broker.key_file)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came. `generation` is the connection's: an older one's acknowledgement would hit another message.

    `came_at` is the time of this machine's monotonic clock.
    """

    topic: str
    payload: bytes
    qos: int
    is_retained: bool
    mid: int
    generation: int
    transport: MqttTransport = field(repr=False, compare=False)
    came_at: float = 0.0
    response_topic: str | None = None
    correlation: bytes | None = None
    expiry_seconds: float | None = None
    user_properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class MqttTransport:
    """Connects, and reconnects for as long as it is open; every callback runs on the loop that opened it.

    Args:
        on_problem: is told in words why the broker is not reached, when that changes; empty once it is.
        behind_seconds: for how long its messages waited at least before they come.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        on_change: Callable[[bool], None],
        *,
        last_will: tuple[str, bytes] | None,
        on_problem: Callable[[str], None] = lambda problem: None,
        reconnects: bool = True,
        behind_seconds: float = 0.0,
    ) -> None:
        self.unacknowledged = 0
        self.behind_seconds = behind_seconds
        self._broker = broker
        self._subscriptions: list[str] = []
        self._on_message: Callable[[Incoming], None] = lambda message: None
        self._on_change = on_change
        self._on_problem = on_problem
        self._problem = ""
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._complained_of = 0
        self._most_bytes: int | None = None
        self._knows_broker = asyncio.Event()
        self._sent: dict[int, asyncio.Future[None]] = {}
        self._asked: dict[int, list[str]] = {}
        self._client = self._paho(client_id, reconnects)
        self._driver = PahoLoop(self._client, reconnects=reconnects, on_failure=self._not_reached)
        if last_will is not None:
            self._client.will_set(*last_will, qos=1, retain=True)

    def open(self, subscriptions: list[str], on_message: Callable[[Incoming], None]) -> None:
        """Begin to connect, and to listen; returns at once."""
        self._subscriptions, self._on_message = subscriptions, on_message
        place = self._broker.host, self._broker.port, _KEEPALIVE_SECONDS
        if self._broker.profile.is_mqtt5:
            expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            expiry.SessionExpiryInterval = self._broker.profile.session_seconds
            self._client.connect_async(*place, clean_start=False, properties=expiry)
        else:
            self._client.connect_async(*place)
        self._driver.start()

    def follow(self, subscriptions: list[str]) -> None:
        """Listen to these topics from now on, and to no others."""
        gone = [topic for topic in self._subscriptions if topic not in subscriptions]
        new = [topic for topic in subscriptions if topic not in self._subscriptions]
        self._subscriptions = subscriptions
        if gone:
            self._client.unsubscribe([self._plain(topic) for topic in gone])
        if new:
            self._subscribe(new)
        self._driver.flush()

    def unsubscribe(self, subscriptions: list[str]) -> None:
        """Be dealt no more messages; what waits already still comes."""
        self._client.unsubscribe([self._plain(topic) for topic in subscriptions])
        self._driver.flush()

    async def close(self, *, ends_session: bool = False) -> None:
        """Disconnect; what the broker still has for this client waits there, or is forgotten with its session."""
        properties = None
        if ends_session:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
        self._driver.reconnects = False
        self._client.disconnect(properties=properties)
        await self._driver.stop()
        for waiting in self._sent.values():
            waiting.cancel()

    def acknowledge(self, message: Incoming) -> None:
        """Tell the broker that the message is safe here."""
        if message.qos and message.generation == self._generation:
            self.unacknowledged -= 1
            self._client.ack(message.mid, message.qos)
            self._driver.flush()

    def publish(self, topic: str, payload: bytes, correlation: bytes | None = None) -> None:
        """Send at QoS 0; lost when the broker is away, or takes nothing so large."""
        if not self._driver.is_connecting and self._takes(topic, payload, correlation):
            self._client.publish(topic, payload, qos=0, properties=_reply_properties(correlation))
            self._driver.flush()

    def retain(self, topic: str, payload: bytes, expiry_seconds: int | None = None) -> None:
        """Leave a message for whoever subscribes later, for so long."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_seconds is not None:
            properties.MessageExpiryInterval = expiry_seconds
        self._client.publish(topic, payload, qos=1, retain=True, properties=properties)
        self._driver.flush()

    async def publish_safely(self, topic: str, payload: bytes, correlation: bytes | None = None) -> None:
        """Send at QoS 1, and return once the broker has it; waits through a broken connection.

        Raises AnswerTooLargeError for what the broker would end the connection for.
        """
        await self._knows_broker.wait()
        if not self._takes(topic, payload, correlation):
            raise AnswerTooLargeError(self._most_bytes or 0)
        info = self._client.publish(topic, payload, qos=1, properties=_reply_properties(correlation))
        self._driver.flush()
        sent = self._sent[info.mid] = self._loop.create_future()
        try:
            await sent
        finally:
            self._sent.pop(info.mid, None)

    def _takes(self, topic: str, payload: bytes, correlation: bytes | None) -> bool:
        """Tell whether the broker takes a message of this size (MQTT 5.0, section 3.2.2.3.6)."""
        size = len(topic.encode()) + len(payload) + len(correlation or b"") + _ENVELOPE_BYTES
        return self._most_bytes is None or size <= self._most_bytes

    def _subscribe(self, topics: list[str]) -> None:
        if self._broker.profile.is_mqtt5:
            _, number = self._client.subscribe([(topic, _options(topic)) for topic in topics])
        else:
            _, number = self._client.subscribe([(self._plain(topic), 1) for topic in topics])
        if number is not None:
            self._asked[number] = topics

    def _plain(self, topic: str) -> str:
        """Return a filter as this broker knows it: one without shared subscriptions has one bridge, which hears all."""
        return topic if self._broker.profile.is_mqtt5 else topic.removeprefix(SHARE)

    def _paho(self, client_id: str, reconnects: bool) -> Client:
        is_mqtt5 = self._broker.profile.is_mqtt5
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if is_mqtt5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if is_mqtt5 else MQTTProtocolVersion.MQTTv311,
            transport="websockets" if self._broker.websocket_path else "tcp",
            reconnect_on_failure=reconnects,
            manual_ack=True,
        )
        if self._broker.websocket_path:
            client.ws_set_options(self._broker.websocket_path)
        client.max_inflight_messages_set(self._broker.profile.max_inflight)
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.is_tls:
            client.tls_set_context(tls_context(self._broker))
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_subscribe = self._was_answered
        client.on_publish = self._was_sent
        return client

    # Called by paho, on the loop's thread or its own: an exception in here would end it

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._post(self._tell, f"{self._place} refuses the portal: {reason}.")
            return
        self._post(self._know, getattr(properties, "MaximumPacketSize", None))
        self._post(self._tell, "")
        self._asked.clear()
        self._generation += 1
        self.unacknowledged = 0
        if self._subscriptions:
            self._subscribe(self._subscriptions)
        self._post(self._on_change, True)

    def _know(self, most_bytes: int | None) -> None:
        self._most_bytes = most_bytes
        self._knows_broker.set()

    def _was_answered(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        self._post(self._look_for_refusals, (mid, reasons))

    def _look_for_refusals(self, answer: tuple[int, list[ReasonCode]]) -> None:
        number, reasons = answer
        asked = zip(self._asked.pop(number, []), reasons, strict=False)
        refused = [(topic, reason) for topic, reason in asked if reason.is_failure]
        if refused:
            topics = ", ".join(topic for topic, _ in refused[:_NAMED])
            more = f" and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
            self._tell(f"{self._place} does not let the portal hear {topics}{more}: {refused[0][1]}.")

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._generation += 1
        self._post(self._on_change, False)

    def _not_reached(self, error: Exception) -> None:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self._post(self._tell, f"{self._place} is not reached: {said}.")

    def _tell(self, problem: str) -> None:
        """Say once why it is so: it is tried again every second."""
        if problem == self._problem:
            return
        self._problem = problem
        if problem:
            logger.warning("MQTT broker %s", problem)
        self._on_problem(problem)

    @property
    def _place(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _received(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            self._post(self._take, _incoming(message, self._generation, self))
        except Exception:
            logger.exception("an MQTT message could not be read")

    def _take(self, message: Incoming) -> None:
        if message.qos and message.generation == self._generation:
            self.unacknowledged += 1
        self._on_message(message)

    def _was_sent(self, _client: Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        if reason is not None and reason.is_failure:
            self._post(self._complain, reason)
        # In paho's own thread this may come before `publish_safely` has noted what it waits for.
        if mid in self._sent or self._driver.has_thread:
            self._post(self._resolve, mid)

    def _complain(self, reason: ReasonCode) -> None:
        """Say it once a connection: the broker has thrown an answer away, as it may do with each."""
        if self._complained_of != self._generation:
            self._complained_of = self._generation
            logger.warning("MQTT broker %s does not take what the portal says: %s", self._place, reason)

    def _resolve(self, mid: int) -> None:
        waiting = self._sent.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _post(self, callback: Callable[[Any], None], value: object) -> None:
        if not self._driver.has_thread:
            self._loop.call_soon(callback, value)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback, value)


def _incoming(message: MQTTMessage, generation: int, transport: MqttTransport) -> Incoming:
    properties = message.properties
    return Incoming(
        topic=message.topic,
        payload=bytes(message.payload),
        qos=message.qos,
        is_retained=message.retain,
        mid=message.mid,
        generation=generation,
        transport=transport,
        came_at=time.monotonic() - transport.behind_seconds,
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
        expiry_seconds=getattr(properties, "MessageExpiryInterval", None),
        user_properties=tuple(getattr(properties, "UserProperty", ())),
    )


def _options(topic: str) -> SubscribeOptions:
    """Requests that were retained by mistake are nobody's; of bridges and devices one hears what they said last."""
    is_told = topic in (BRIDGES, STATUSES)
    handling = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if is_told else SubscribeOptions.RETAIN_DO_NOT_SEND
    return SubscribeOptions(qos=1, retainHandling=handling)


def _reply_properties(correlation: bytes | None) -> Properties | None:
    if correlation is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.CorrelationData = correlation
    return properties
