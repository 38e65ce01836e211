"""What brokers do differently, as far as it matters to bridges that share their requests. Data, each line with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BrokerKind = Literal["mosquitto", "emqx", "hivemq", "vernemq", "amqtt"]


@dataclass(frozen=True, slots=True)
class BrokerProfile:
    """One kind of broker.

    Args:
        session_seconds: how long it shall keep the messages of a bridge that is gone.
        keeps_dead_members_messages: whether what it dealt to a bridge that died waits for that bridge alone, so that
            another one must fetch it in the dead one's name (`adoption`). Elsewhere the broker deals it out again, and a
            session that ends soon makes that happen soon.
        is_mqtt5: whether it speaks MQTT 5 and deals out shared subscriptions; else one bridge alone speaks 3.1.1 with it.
        max_inflight: how many messages it has on the way to a bridge; its own setting must allow for it.
        source: where this was read or measured.
    """

    session_seconds: int
    keeps_dead_members_messages: bool
    max_inflight: int
    source: str
    is_mqtt5: bool = True


PROFILES: dict[BrokerKind, BrokerProfile] = {
    "mosquitto": BrokerProfile(
        session_seconds=24 * 3600,
        keeps_dead_members_messages=True,
        max_inflight=500,
        source="measured with 2.0.11, which this project's tests run; mosquitto issue 2662",
    ),
    "emqx": BrokerProfile(
        session_seconds=2 * 3600,
        keeps_dead_members_messages=True,
        max_inflight=500,
        source=(
            "read, not run: its manual, 'MQTT Shared Subscription' (a persistent session goes on being dealt messages "
            "while its client is away) and 'Durable Sessions'; emqx issue 12257 (what queues for a session is lost with it)"
        ),
    ),
    "hivemq": BrokerProfile(
        session_seconds=2 * 3600,
        keeps_dead_members_messages=False,
        max_inflight=500,
        source="read, not run: its manual, 'Shared Subscriptions' (the group has one queue, from which members are served)",
    ),
    "vernemq": BrokerProfile(
        session_seconds=2 * 3600,
        keeps_dead_members_messages=True,
        max_inflight=500,
        source="read, not run: its manual, 'Shared subscriptions'; vernemq issue 751",
    ),
    "amqtt": BrokerProfile(
        session_seconds=0,
        keeps_dead_members_messages=False,
        max_inflight=20,
        source="measured with 0.12.1: a client of MQTT 5 gets no answer, $share delivers nothing, a restart forgets everything",
        is_mqtt5=False,
    ),
}
