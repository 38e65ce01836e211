"""The portal's accounts inside amqtt, and the program that runs it: `-m app.broker.amqtt_gate FOLDER HOST PORT`.

For development only: MQTT 3.1.1, nothing is kept over a restart. What amqtt leaves open is closed here: nobody gets in without
a name and a password or into another name's session, and retained messages come only to who subscribed to them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import ApplicationMessage, Session

from app.broker.accounts import FALLBACK_CONTROL_TOPIC
from app.broker.directory import Directory, Kind

_CONNECT_SECONDS = 10.0
_HEAD_BYTES = 12  # as far as the level even behind the longest length; no CONNECT is shorter
_UNSUPPORTED_VERSION = b"\x20\x03\x00\x84\x00"
_GATE = "app.broker.amqtt_gate.AccountsGate"
_KINDS: dict[Action, Kind] = {
    Action.PUBLISH: "publishClientSend",
    Action.SUBSCRIBE: "subscribePattern",
    Action.RECEIVE: "subscribePattern",  # a session may remember what it may not hear any more
}


class AccountsGate(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]  # it has no types
    """Asks the directory, and changes it when the portal says so."""

    @dataclass
    class Config:
        security_file: str

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        document = json.loads(Path(self.config.security_file).read_text(encoding="utf-8"))
        self._broker: Broker = context._broker_instance
        self._directory = Directory(document)
        self._owner_of: dict[str, str] = {}

    async def authenticate(self, *, session: Session) -> bool:
        if not self._directory.knows(session.username, session.password):
            return False
        self._owner_of = {id_: name for id_, name in self._owner_of.items() if id_ in self._broker.sessions}
        name, client_id = str(session.username), str(session.client_id)
        return self._owner_of.setdefault(client_id, name) == name

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or topic is None or action is None:
            return False
        if not self._directory.has(session.username):
            return False
        return self._directory.may(session.username, _KINDS[action], topic)

    async def on_broker_message_broadcast(self, *, client_id: str, message: ApplicationMessage) -> None:
        """Take the portal's commands; nobody else may publish there."""
        if message.topic != FALLBACK_CONTROL_TOPIC:
            return
        ended = self._directory.apply(json.loads(message.data)["commands"])
        for session, handler in list(self._broker.sessions.values()):
            if session.username in ended and session.client_id != client_id:
                await handler.handle_connection_closed()


class _Begun:
    """A stream of which the first bytes were read already."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self._reader, self._head = reader, head
        self.feed_eof = reader.feed_eof

    async def readexactly(self, count: int) -> bytes:
        part, self._head = self._head[:count], self._head[count:]
        return part + await self._reader.readexactly(count - len(part))

    async def read(self, count: int = -1) -> bytes:
        part, self._head = self._head, b""
        return part or await self._reader.read(count)


class GuardedBroker(Broker):  # type: ignore[misc]
    """Refuses MQTT 5, of whose clients amqtt waits forever; sends what is retained to those alone who subscribed to it."""

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                head = await reader.readexactly(_HEAD_BYTES)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            writer.close()
            return
        # type 1 (CONNECT), a length of one to four bytes, the protocol's name, its level (MQTT 5, section 3.1.2)
        if b"\x00\x04MQTT\x05" in head:
            writer.write(_UNSUPPORTED_VERSION)
            await writer.drain()
            writer.close()
            return
        await super().stream_connected(_Begun(reader, head), writer, listener_name)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribed = self.subscriptions.get(subscription[0], [])
        if any(one.client_id == session.client_id for one, _ in subscribed):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def serve(folder: Path, host: str, port: int) -> None:
    """Run until the process is asked to end."""
    broker = GuardedBroker(
        BrokerConfig.from_dict(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
                "plugins": {_GATE: {"security_file": str(folder / "security.json")}},
            }
        )
    )
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await broker.start()
    await over.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
