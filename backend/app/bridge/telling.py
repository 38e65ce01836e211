"""Tells games and devices what was said in their sessions by another door: by their owner in the chat, or a program.

Best effort, for those that spoke in the session within a day; `op: history` has everything, whenever it is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

import orjson

from app.bridge.callers import Callers
from app.bridge.frames import encode
from app.bridge.lines import Lines
from app.bridge.replies import ReplyTo, render
from app.bridge.tables import BridgeRequest
from app.bridge.topics import ROOT, reply_prefix
from app.bridge.transport import MqttTransport
from app.chat.runtime import Runtime
from app.chat.session_watch import ENDED_TURNS
from app.coord.base import CoordUnavailableError
from app.errors import PortalError, UnavailableError

logger = logging.getLogger(__name__)

_MAX_CLIENTS = 8
_ONCE_SECONDS = 3600.0


class Telling:
    """One for a bridge. Several bridges hear of a turn; a counter in the shared store lets one of them speak."""

    def __init__(
        self, runtime: Runtime, callers: Callers, transport: MqttTransport, bases: Collection[str]
    ) -> None:
        self._runtime = runtime
        self._bases = bases
        self._callers = callers
        self._lines = Lines(runtime.database)
        self._transport = transport

    async def run(self) -> None:
        """Listen for ever."""
        async with self._runtime.coord.signals.listen(ENDED_TURNS) as messages:
            async for message in messages:
                try:
                    await self._tell(orjson.loads(message))
                except (PortalError, CoordUnavailableError) as error:
                    logger.warning("a game was not told what was said in its session: %s", error)
                except Exception:
                    logger.exception("a game could not be told what was said in its session")

    async def _tell(self, turn: dict[str, Any]) -> None:
        speakers = await self._lines.speakers_of(turn["user_id"], turn["session_id"], _MAX_CLIENTS)
        said = await self._runtime.turns.exchange(turn["user_id"], turn["turn_id"]) if speakers else None
        if said is None:
            return
        question, answer = said
        for speaker in speakers:
            client, reply = speaker.client, ReplyTo.of(speaker.reply)
            if not await self._may_hear(speaker) or not await self._is_first(turn["turn_id"], client):
                continue
            frame = {"type": "message", "message": question, "text": answer, **turn}
            del frame["user_id"]
            if reply.form == "frames":
                self._transport.publish(f"{reply_prefix(client)}session", encode(frame))
            else:
                topic = topic_of_session(reply.topic, self._bases)
                self._transport.publish(topic, render(reply.form, frame))

    async def _may_hear(self, speaker: BridgeRequest) -> bool:
        """Tell whether who spoke by a key or as a device may still do so."""
        try:
            await self._callers.of_row(speaker)
        except UnavailableError:
            raise
        except PortalError:
            return False
        return True

    async def _is_first(self, turn_id: str, client: str) -> bool:
        taken = await self._runtime.coord.rates.take(
            f"told.{turn_id}.{client}", limit=1, window_seconds=_ONCE_SECONDS
        )
        return taken.is_allowed


def topic_of_session(topic: str, bases: Collection[str]) -> str:
    """Return where a game hears of its session; a topic of its own choice under `pp/v1` as it is.

    That is `{project}/assistant_response/{sessionId}`, or one level below one of `bases`; what follows names one request.
    """
    if topic.startswith(f"{ROOT}/"):
        return topic
    levels = next((base.count("/") + 2 for base in bases if topic.startswith(f"{base}/")), 3)
    return "/".join(topic.split("/")[:levels])
