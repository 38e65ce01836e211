"""The bridge: a connection, the inbox, and the work; starts and ends with the portal, and never holds it up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from app.auth.runtime import create_auth_runtime
from app.bridge.asks import read_ask
from app.bridge.callers import Callers
from app.bridge.choice import Choice, chosen_broker, client_id
from app.bridge.errors import MqttDisconnectedError, MqttNotManagedError
from app.bridge.frames import Frames
from app.bridge.inbox import Inbox
from app.bridge.intake import Intake
from app.bridge.order import SessionOrder
from app.bridge.presence import Presence
from app.bridge.schemas import MqttRead
from app.bridge.status import BridgeStatus
from app.bridge.tables import BridgeRequest
from app.bridge.topics import (
    CANCELS,
    REQUESTS,
    SHARE,
    STATUSES,
    CancelTopic,
    GameTopic,
    GameTopics,
    RequestTopic,
    StatusTopic,
    Topic,
    parse_topic,
)
from app.bridge.transport import Incoming, MqttTransport
from app.bridge.websocket import PATH as WEBSOCKET_PATH
from app.bridge.websocket import WebSocketDoor
from app.bridge.worker import Work, Worker
from app.broker.accounts import CONTROL_TOPIC, Account
from app.chat.runtime import Runtime
from app.config import Settings
from app.devices.connections import ConnectionService
from app.devices.service import DeviceService
from app.devices.tables import MqttConnection
from app.errors import PortalError, TooManyRequestsError, UnavailableError
from app.keys.service import KeyService
from app.kit.hashing import digest

logger = logging.getLogger(__name__)

_LANES = 8
_LANE_PLACES = 256
_TEND_SECONDS = 5.0
_MODEL_WAIT_SECONDS = 60.0
_TENDS_AN_HOUR = 720
_TENDS_A_HEARTBEAT = 6
_TELL_SECONDS = 3.0


class MqttBridge:
    """Answers requests that come by a broker; several bridges share one broker's requests."""

    def __init__(
        self, runtime: Runtime, choice: Choice, devices: DeviceService, connections: ConnectionService
    ) -> None:
        settings, broker = runtime.settings, choice.broker
        self.status = BridgeStatus(broker=f"{broker.host}:{broker.port}")
        self.broker = broker
        self.connections = connections
        self.websockets = WebSocketDoor(broker, settings.portal_public_url, settings.cors_origins)
        self._own = choice.own
        self._runtime = runtime
        self._projects = runtime.projects
        self._games = _game_topics(settings, self._projects.names)
        self._presence = Presence(client_id(settings), self._projects.names)
        self._transport = MqttTransport(
            broker,
            client_id(settings),
            _subscriptions(self._games),
            self._on_message,
            self._on_change,
            last_will=self._presence.last_will,
        )
        self._inbox = Inbox(runtime.database, digest(runtime.replica.id), runtime.clock)
        self._worker = Worker(runtime, self._inbox, self._transport, self.status)
        auth = create_auth_runtime(settings, runtime.database, runtime.coord, runtime.clock)
        self._callers = Callers(
            auth.identity,
            runtime.database,
            runtime.clock,
            devices,
            connections,
            is_guarded=self.is_own_broker,
        )
        self._intake = Intake(
            self._inbox,
            self._worker,
            self._callers,
            auth.limits,
            self.status,
            game_key=settings.mqtt_game_key.get_secret_value(),
            reply_bases={settings.mqtt_topic_user_input: settings.mqtt_topic_assistant_response},
            projects=self._projects,
        )
        self._order: SessionOrder[Work] = SessionOrder(self._run, max_waiting=settings.session_max_queued)
        self._works: dict[tuple[int, str, str], Work] = {}
        self._lanes: list[asyncio.Queue[Incoming]] = [asyncio.Queue() for _ in range(_LANES)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_own_broker(self) -> bool:
        """Whether the portal runs the broker, whose accounts tell who speaks on a client's topics."""
        return self._own is not None

    def describe(self) -> MqttRead:
        """Say where devices connect."""
        settings = self._runtime.settings
        host, port = self.broker.host, self.broker.port
        is_there = self.status.is_connected
        return MqttRead(
            status="connected" if is_there else "disconnected",
            message="The portal is connected."
            if is_there
            else "The broker does not answer; the portal tries again.",
            is_own=self.is_own_broker,
            host=host,
            port=port,
            websocket_port=(settings.mqtt_websocket_port or None) if self.is_own_broker else None,
            websocket_path=WEBSOCKET_PATH,
            projects=self._projects.names,
        )

    async def open_connection(self, user_id: int) -> tuple[MqttConnection, str]:
        """Let a page in for an hour; returns its account and password.

        Raises:
            MqttNotManagedError: the broker's accounts are not the portal's affair.
            MqttDisconnectedError: the broker is away, and could not be told.
        """
        if not self.is_own_broker:
            raise MqttNotManagedError
        if not self.status.is_connected:
            raise MqttDisconnectedError
        return await self.connections.open(user_id, self._projects.names)

    async def tell_broker(self, commands: list[dict[str, Any]]) -> None:
        """Change the accounts of the portal's own broker. One that is away reads all of them when it starts."""
        try:
            async with asyncio.timeout(_TELL_SECONDS):
                await self._transport.publish_safely(CONTROL_TOPIC, orjson.dumps({"commands": commands}))
        except TimeoutError:
            logger.warning(
                "the MQTT broker did not take the change of an account; it does when it starts again"
            )

    async def start(self) -> None:
        """Begin; a broker that is away is tried again for as long as the portal runs."""
        self._tasks = [asyncio.create_task(self._serve_lane(lane)) for lane in self._lanes]
        self._tasks.append(asyncio.create_task(self._serve()))
        self._projects.on_changed = self._follow_projects

    async def close(self) -> None:
        """Stop; requests that are not answered yet are left to the next bridge, at once."""
        self._projects.on_changed = lambda: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._order.close()
        self._presence.leave(self._transport)
        await self._transport.close()
        try:
            await self._inbox.release()
        except PortalError as error:
            logger.warning("requests could not be handed on: %s", error.message)

    # Taking in

    def _follow_projects(self) -> None:
        """Listen to what projects there are now."""
        self._games = _game_topics(self._runtime.settings, self._projects.names)
        self._presence.follow(self._projects.names, self._transport)
        self._transport.follow(_subscriptions(self._games))

    def _on_change(self, is_connected: bool) -> None:
        self.status.is_connected = is_connected
        self.status.connects += is_connected
        if is_connected:
            self._presence.arrive(self._transport)
        logger.info(
            "MQTT broker %s: %s", self.status.broker, "connected" if is_connected else "connection lost"
        )

    def _on_message(self, message: Incoming) -> None:
        """Put a message in its topic's lane, so that one client's messages keep their order."""
        self.status.received += 1
        lane = self._lanes[hash(message.topic) % _LANES]
        if message.qos == 0 and lane.qsize() >= _LANE_PLACES:
            self.status.dropped += 1
            return
        # Of the others the broker's window lets only so many be under way, and one that is dropped would not come again
        # before the next connection.
        lane.put_nowait(message)

    async def _serve_lane(self, lane: asyncio.Queue[Incoming]) -> None:
        while True:
            message = await lane.get()
            try:
                await self._handle(message)
                self._transport.acknowledge(message)
            except PortalError as error:  # not acknowledged: the broker sends it again
                logger.warning("an MQTT message could not be taken in: %s", error.message)
            except Exception:
                logger.exception("an MQTT message could not be taken in")
                self._transport.acknowledge(message)  # what is broken now would be broken again

    async def _handle(self, message: Incoming) -> None:
        topic = None if message.is_retained else parse_topic(message.topic, self._games)
        match topic:
            case RequestTopic():
                work = await self._intake.request(topic, message)
            case GameTopic():
                work = await self._intake.game(topic, message)
            case CancelTopic() | StatusTopic():
                return await self._cancel(topic, message)
            case _:
                return None
        if work is not None:
            await self._begin(work, is_state=self._is_coalesced(topic))
        return None

    def _is_coalesced(self, topic: Topic | None) -> bool:
        if not isinstance(topic, GameTopic) or topic.action != "state":
            return False
        return self._projects.get(topic.project).settings.coalesces_states

    async def _begin(self, work: Work, *, is_state: bool) -> None:
        self._works[work.key] = work
        key: Hashable = work.session or work.key
        if is_state:
            replaced = self._order.put_newest(key, work)
            if replaced is not None:
                self.status.states_replaced += 1
                self._works.pop(replaced.key, None)
                await self._inbox.sent(replaced.row.id)
            return
        if not self._order.put(key, work):
            self._works.pop(work.key, None)
            error = TooManyRequestsError(
                "Too many requests of this session wait.", code="session_busy", retry_after_seconds=2
            )
            answer = Frames(work.row.request).error(error)
            if await self._inbox.answer(work.row.id, answer):
                await self._worker.send(work.reply, answer)
                await self._inbox.sent(work.row.id)

    async def _cancel(self, topic: CancelTopic | StatusTopic, message: Incoming) -> None:
        """Stop one request, or all of a client that is gone and whose last will asks for it."""
        try:
            ask = read_ask(message.payload or b"{}")
        except PortalError:
            return
        if isinstance(topic, StatusTopic) and ask.rest.get("cancel") is not True:
            return
        secret = ask.token.get_secret_value() if ask.token else ""
        principal = await self._intake.caller(message, secret, topic.client)
        if principal is None:
            return
        for work in [*self._works.values()]:
            user_id, client, request = work.key
            is_meant = isinstance(topic, StatusTopic) or request == topic.request
            if is_meant and (user_id, client) == (principal.user.id, topic.client):
                await self._worker.stop(work)

    # Working

    async def _run(self, work: Work) -> None:
        work.task = asyncio.current_task()
        self.status.running += 1
        try:
            await self._worker.work(work)
        except PortalError as error:  # it stays in the inbox, and is taken up again
            logger.warning("an MQTT answer is delayed: %s", error.message)
        except Exception:
            logger.exception("an MQTT request could not be finished")
        finally:
            self.status.running -= 1
            self._works.pop(work.key, None)

    async def _serve(self) -> None:
        """Give the model a moment to be there: until then requests wait in the broker and in the inbox."""
        await self._runtime.health.wait_available(_MODEL_WAIT_SECONDS)
        self._transport.open()
        await self._tend()

    async def _tend(self) -> None:
        """Keep the leases, take up what other bridges left, forget what is old."""
        count = 0
        while True:
            try:
                if self.status.is_connected and count % _TENDS_A_HEARTBEAT == 0:
                    self._presence.beat(self._transport)
                await self.connections.end_expired()
                await self._inbox.renew([work.row.id for work in self._works.values()])
                for row in await self._inbox.take_up():
                    await self._take_up(row)
                if count % _TENDS_AN_HOUR == 0:
                    await self._inbox.forget_old()
                count += 1
            except PortalError as error:
                logger.warning("the MQTT inbox could not be tended: %s", error.message)
            except Exception:
                logger.exception("the MQTT inbox could not be tended")
            await asyncio.sleep(_TEND_SECONDS)

    async def _take_up(self, row: BridgeRequest) -> None:
        self.status.taken_up += 1
        principal = None
        if row.answer is None:
            try:
                principal = await self._callers.of_row(row)
            except UnavailableError:
                raise
            except PortalError as error:
                row.answer = Frames(row.request).error(error)
                await self._inbox.answer(row.id, row.answer)
        await self._begin(Work(row, principal), is_state=False)


def _game_topics(settings: Settings, projects: list[str]) -> GameTopics:
    return GameTopics(
        projects,
        user_input=settings.mqtt_topic_user_input,
        state=settings.mqtt_topic_state,
        template=settings.mqtt_topic_template,
    )


def _subscriptions(games: GameTopics) -> list[str]:
    own = [REQUESTS, *games.subscriptions()]
    return [*(f"{SHARE}{topic}" for topic in own), CANCELS, STATUSES]


@asynccontextmanager
async def bridging(runtime: Runtime) -> AsyncIterator[MqttBridge | None]:
    """Run the bridge while the block runs, if there is a broker."""
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
        bridge = MqttBridge(runtime, choice, devices, connections)
        if bridge.is_own_broker:
            connections.tell = bridge.tell_broker
        await bridge.start()
        try:
            yield bridge
        finally:
            await bridge.close()
