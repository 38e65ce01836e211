"""The bridge: a connection, the inbox, and the work; starts and ends with the portal, and never holds it up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from app.auth.runtime import AuthRuntime
from app.bridge.adoption import Adoption
from app.bridge.callers import Callers
from app.bridge.choice import Choice, bridge_id, bridge_name, chosen_broker, client_id
from app.bridge.completions import RawCompletions
from app.bridge.desk import Desk
from app.bridge.errors import MqttDisconnectedError, MqttNotManagedError
from app.bridge.inbox import Inbox
from app.bridge.intake import Intake
from app.bridge.lanes import Lanes
from app.bridge.members import Members
from app.bridge.presence import Presence
from app.bridge.schemas import MqttRead
from app.bridge.status import BridgeStatus
from app.bridge.taking_in import TakingIn
from app.bridge.telling import Telling
from app.bridge.tending import Tending
from app.bridge.topics import STATUSES, reply_base, status_client
from app.bridge.transport import Incoming, MqttTransport
from app.bridge.websocket import PATH as WEBSOCKET_PATH
from app.bridge.websocket import WebSocketDoor
from app.bridge.worker import Worker
from app.broker.accounts import CONTROL_TOPIC, Account
from app.chat.runtime import Runtime
from app.devices.connections import ConnectionService
from app.devices.presence import DevicePresence
from app.devices.service import DeviceService
from app.devices.tables import MqttConnection
from app.errors import PortalError
from app.keys.service import KeyService

logger = logging.getLogger(__name__)

_MODEL_WAIT_SECONDS = 60.0
_HEARTBEAT_SECONDS = 30.0
_FALLBACK_WORDS = " Its broker is amqtt: for development only, MQTT 3.1.1, and nothing is kept when it ends."
_TELL_SECONDS = 3.0


class MqttBridge:
    """Answers requests that come by a broker; several bridges share one broker's requests.

    A process without the role `mqtt` has one too: it listens to nothing, and only keeps the broker's accounts.
    """

    def __init__(
        self,
        runtime: Runtime,
        auth: AuthRuntime,
        completions: RawCompletions,
        choice: Choice,
        devices: DeviceService,
        connections: ConnectionService,
        program: str,
    ) -> None:
        settings, broker, own_id = runtime.settings, choice.broker, bridge_id(runtime.settings, program)
        self.status = BridgeStatus(broker=_named(choice))
        self.broker = broker
        self.connections = connections
        self.presence_of_devices = DevicePresence(runtime.clock)
        self.websockets = WebSocketDoor(broker, settings.portal_public_url, settings.cors_origins)
        self._own = choice.own
        self._host_for = choice.host_for
        self._is_managed = choice.own is not None or bool(settings.mqtt_auth_secret.get_secret_value())
        self._runtime = runtime
        self._projects = runtime.projects
        self._is_working = "mqtt" in settings.portal_roles
        self._presence = Presence(own_id, self._projects.names)
        self._members = Members(own_id, bridge_name(settings), runtime.clock)
        self._transport = MqttTransport(
            broker,
            client_id(broker, own_id),
            self._on_change,
            last_will=self._presence.last_will if self._is_working else None,
            on_problem=self._on_problem,
        )
        self._inbox = Inbox(runtime.database, own_id, runtime.replica.id, runtime.clock)
        worker = Worker(runtime, completions, self._inbox, self._transport, self.status)
        callers = Callers(
            auth,
            runtime.clock,
            devices,
            connections,
            is_guarded=self._is_managed,
        )
        wished = {
            settings.mqtt_topic_user_input: reply_base(settings.mqtt_topic_assistant_response),
            settings.mqtt_topic_state: reply_base(settings.mqtt_topic_hint),
        }
        reply_bases = {topic: base for topic, base in wished.items() if base}
        intake = Intake(
            self._inbox,
            worker,
            callers,
            auth.limits,
            self.status,
            game_key=settings.mqtt_game_key.get_secret_value(),
            reply_bases=reply_bases,
            projects=self._projects,
        )
        self._telling = Telling(runtime, callers, self._transport, reply_bases.values())
        self._desk = Desk(
            worker,
            self._inbox,
            self.status,
            max_waiting=settings.session_max_queued,
        )
        self._taking_in = TakingIn(settings, self._projects, intake, self._desk)
        self._lanes = Lanes(self._taking_in.take_in, self.status)
        adoption = Adoption(
            broker,
            self._members,
            self._taking_in.subscriptions,
            self._lanes.put,
            lambda topic: self._transport.retain(topic, b""),
            self.status,
        )
        self._tending = Tending(
            self._inbox, self._desk, callers, connections, adoption, self.status, runtime.clock
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_own_broker(self) -> bool:
        """Whether the portal runs the broker, whose accounts tell who speaks on a client's topics."""
        return self._own is not None

    def describe(self, asked_at: str) -> MqttRead:
        """Say where devices connect, to one who reached the portal by this name."""
        settings = self._runtime.settings
        is_there = self.status.is_connected
        return MqttRead(
            status="connected" if is_there else "disconnected",
            message=self._message(is_there),
            is_own=self.is_own_broker,
            is_fallback=self._is_fallback,
            host=self._host_for(asked_at),
            port=self.broker.port,
            websocket_port=(settings.mqtt_websocket_port or None) if self.is_own_broker else None,
            websocket_path=WEBSOCKET_PATH,
            projects=self._projects.names,
        )

    def _message(self, is_there: bool) -> str:
        if not is_there:
            return "The broker does not answer; the portal tries again."
        if self.status.problem:
            return (
                "The portal is connected, and the broker does not let it hear everything: health says what."
            )
        return f"The portal is connected.{_FALLBACK_WORDS if self._is_fallback else ''}"

    @property
    def _is_fallback(self) -> bool:
        return self._own is not None and self._own.program.kind == "amqtt"

    async def open_connection(self, user_id: int) -> tuple[MqttConnection, str]:
        """Let a page in for an hour; returns its account and password.

        Raises:
            MqttNotManagedError: the broker's accounts are not the portal's affair.
            MqttDisconnectedError: the broker is away, and could not be told.
        """
        if not self._is_managed:
            raise MqttNotManagedError
        if not self.status.is_connected:
            raise MqttDisconnectedError
        return await self.connections.open(user_id, self._projects.names)

    async def tell_broker(self, commands: list[dict[str, Any]]) -> None:
        """Change the accounts of the portal's own broker. One that is away reads all of them when it starts."""
        topic = self._own.program.control_topic if self._own is not None else CONTROL_TOPIC
        try:
            async with asyncio.timeout(_TELL_SECONDS):
                await self._transport.publish_safely(topic, orjson.dumps({"commands": commands}))
        except TimeoutError:
            logger.warning(
                "the MQTT broker did not take the change of an account; it does when it starts again"
            )

    async def start(self) -> None:
        """Begin; a broker that is away is tried again for as long as the portal runs."""
        works = [self._serve(), self._beat(), *([self._telling.run()] if self._is_working else [])]
        self._tasks = [asyncio.create_task(work) for work in works]
        self._projects.on_changed = self._follow_projects

    async def close(self) -> None:
        """Stop; requests that are not answered yet are left to the next bridge, at once."""
        self._projects.on_changed = lambda: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close()
        await self._desk.close()
        if self._is_working:
            self._presence.leave(self._transport)
        await self._transport.close()
        try:
            await self._inbox.close()
        except PortalError as error:
            logger.warning("requests could not be handed on: %s", error.message)

    def _follow_projects(self) -> None:
        """Listen to what projects there are now."""
        self._taking_in.follow_projects()
        if self._is_working:
            self._presence.follow(self._projects.names, self._transport)
            self._transport.follow(self._taking_in.subscriptions())

    def _on_change(self, is_connected: bool) -> None:
        self.status.is_connected = is_connected
        self.status.connects += is_connected
        if is_connected and self._is_working:
            self._presence.arrive(self._transport)
        logger.info(
            "MQTT broker %s: %s", self.status.broker, "connected" if is_connected else "connection lost"
        )

    def _on_problem(self, problem: str) -> None:
        self.status.problem = problem

    def _on_message(self, message: Incoming) -> None:
        self._hear_device(message)
        if self._members.hear(message.topic, message.payload):
            self._transport.acknowledge(message)
        else:
            self._lanes.put(message)

    def _hear_device(self, message: Incoming) -> None:
        if client := status_client(message.topic):
            self.presence_of_devices.hear(client, message.payload)

    def _only_hear(self, message: Incoming) -> None:
        """Know who is there, and leave the work to others."""
        self._hear_device(message)
        self._transport.acknowledge(message)

    async def _serve(self) -> None:
        """Give the model a moment to be there: until then requests wait in the broker and in the inbox."""
        if self._is_working:
            await self._runtime.health.wait_available(_MODEL_WAIT_SECONDS)
            self._transport.open(self._taking_in.subscriptions(), self._on_message)
            await self._tending.run()
        else:
            self._transport.open([STATUSES], self._only_hear)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            self._say_online()

    def _say_online(self) -> None:
        if self.status.is_connected and self._is_working:
            self._presence.beat(self._transport)


def _named(choice: Choice) -> str:
    """Return the broker's address, with a warning beside the fallback's."""
    address = f"{choice.broker.host}:{choice.broker.port}"
    is_fallback = choice.own is not None and choice.own.program.kind == "amqtt"
    return f"{address} (amqtt, for development only)" if is_fallback else address


@asynccontextmanager
async def bridging(
    runtime: Runtime, auth: AuthRuntime, completions: RawCompletions, *, program: str = "portal"
) -> AsyncIterator[MqttBridge | None]:
    """Run the bridge while the block runs, if there is a broker. `program` tells two of one data folder apart."""
    settings = runtime.settings
    keys = KeyService(runtime.database, runtime.clock)
    devices = DeviceService(runtime.database, keys, runtime.projects.names, clock=runtime.clock)
    connections = ConnectionService(runtime.database, clock=runtime.clock)

    async def accounts() -> Sequence[Account]:
        return [*await devices.accounts(), *await connections.accounts()]

    async with chosen_broker(settings, accounts) as choice:
        if choice is None:
            yield None
            return
        bridge = MqttBridge(runtime, auth, completions, choice, devices, connections, program)
        if bridge.is_own_broker:
            connections.tell = bridge.tell_broker
        await bridge.start()
        try:
            yield bridge
        finally:
            await bridge.close()
