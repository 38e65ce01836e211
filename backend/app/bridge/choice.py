"""Which broker the bridge speaks to: the configured one, else the portal's own, else none."""

from __future__ import annotations

import hmac
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.bridge.profiles import PROFILES
from app.bridge.transport import Broker
from app.broker.accounts import Account
from app.broker.place import PORTAL_USER, BrokerPlace
from app.broker.program import Program, find_fallback, find_program
from app.broker.supervisor import OwnBroker
from app.config import Settings
from app.kit.hashing import digest

logger = logging.getLogger(__name__)

_INSTALL = ".venv/bin/pip install --no-deps --require-hashes -r backend/requirements-amqtt.lock"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
ReadAccounts = Callable[[], Awaitable[Sequence[Account]]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The broker; its supervisor, and the address that it listens on, if it is the portal's own."""

    broker: Broker
    own: OwnBroker | None = None
    listens_on: str = ""

    def host_for(self, asked_at: str) -> str:
        """Return where devices find it: one that listens everywhere is where the portal is, for whoever asks there."""
        return asked_at if asked_at and self.listens_on in _EVERYWHERE else self.broker.host


@asynccontextmanager
async def chosen_broker(settings: Settings, accounts: ReadAccounts) -> AsyncIterator[Choice | None]:
    """Run the portal's own broker while the block runs, if none is configured and this machine has a program for it."""
    if settings.mqtt_broker_host:
        yield Choice(configured_broker(settings))
        return
    program = _own_program(settings)
    if program is None:
        logger.info(
            "MQTT is off: no broker is configured, and Mosquitto is not on this machine or not wanted"
        )
        yield None
        return
    place = _place(settings, program)
    own = OwnBroker(place, program, accounts)
    await own.start()
    try:
        address = _reachable(place.host), place.port or 0
        broker = Broker(*address, PORTAL_USER, place.portal_secret, profile=PROFILES[program.kind])
        yield Choice(broker, own, place.host)
    finally:
        await own.stop()


def _own_program(settings: Settings) -> Program | None:
    if not settings.mqtt_own_broker:
        return None
    program = find_program(settings.portal_data_dir)
    if program is not None or settings.mqtt_fallback_broker != "amqtt":
        return program
    fallback = find_fallback()
    if fallback is None:
        logger.warning("MQTT_FALLBACK_BROKER=amqtt, but amqtt is not installed: %s", _INSTALL)
    else:
        logger.warning(
            "Mosquitto is not on this machine: amqtt takes its place, for development only (docs/mqtt.md)"
        )
    return fallback


def _place(settings: Settings, program: Program) -> BrokerPlace:
    if program.kind == "amqtt":  # on this machine alone, whatever else is set: it is no broker to rely on
        return BrokerPlace(settings.portal_data_dir, "127.0.0.1", settings.mqtt_listen_port, 0)
    return BrokerPlace(
        settings.portal_data_dir,
        settings.mqtt_listen_host,
        settings.mqtt_listen_port,
        settings.mqtt_websocket_port,
    )


def bridge_name(settings: Settings) -> str:
    """Return how the names of all bridges of this portal begin."""
    return settings.mqtt_client_id or "prompt-portal"


def bridge_id(settings: Settings, program: str = "portal") -> str:
    """Return a name that this replica has after each start, and no other one has.

    Who is set to hear other things than before has another one: the broker deals to a session whatever it heard once,
    also what nobody would answer there any more. What waits for the old name is fetched as that of a bridge that is gone.
    """
    place = f"{socket.gethostname()}:{settings.portal_data_dir}:{settings.portal_port or os.getpid()}"
    topics = settings.mqtt_topic_user_input, settings.mqtt_topic_state, settings.mqtt_topic_template
    hears = sorted(settings.mqtt_projects), *topics, "mqtt" in settings.portal_roles
    return f"{bridge_name(settings)}-{digest(f'{place}:{program}:{hears}')[:12]}"


def client_id(broker: Broker, bridge: str) -> str:
    """Return the name under which the broker keeps a bridge's messages: every bridge can tell it, and nobody else.

    Whoever connects by another's name throws that one out. The bridges' own names are told to all.
    """
    return f"{bridge}-{hmac.digest(broker.password.encode(), bridge.encode(), 'sha256').hex()[:16]}"


def configured_broker(settings: Settings) -> Broker:
    """Return the broker of MQTT_BROKER_HOST."""
    return Broker(
        settings.mqtt_broker_host,
        settings.mqtt_broker_port,
        settings.mqtt_username,
        settings.mqtt_password.get_secret_value(),
        settings.mqtt_tls,
        settings.mqtt_ca_file,
        settings.mqtt_cert_file,
        settings.mqtt_key_file,
        settings.mqtt_websocket_path if settings.mqtt_transport == "websocket" else "",
        PROFILES[settings.mqtt_broker_kind],
    )


def _reachable(host: str) -> str:
    return _EVERYWHERE.get(host, host)
