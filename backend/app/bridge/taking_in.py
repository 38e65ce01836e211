"""From a batch of messages of one topic to work on the desk, or to work that is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.bridge.asks import read_ask
from app.bridge.desk import Desk
from app.bridge.intake import Intake
from app.bridge.members import BRIDGES
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
    parse_topic,
)
from app.bridge.transport import Incoming
from app.config import Settings
from app.errors import PortalError
from app.projects.catalog import ProjectCatalog


class TakingIn:
    """Knows the topics; `subscriptions` are what a bridge listens to, requests shared with the others."""

    def __init__(self, settings: Settings, projects: ProjectCatalog, intake: Intake, desk: Desk) -> None:
        self._settings = settings
        self._projects = projects
        self._intake = intake
        self._desk = desk
        self._games = self._game_topics()

    def follow_projects(self) -> None:
        """Know the projects that there are now."""
        self._games = self._game_topics()

    def subscriptions(self) -> list[str]:
        shared = [f"{SHARE}{topic}" for topic in (REQUESTS, *self._games.subscriptions())]
        return [*shared, CANCELS, STATUSES, BRIDGES]

    async def take_in(self, batch: Sequence[Incoming]) -> None:
        """Put requests into the inbox, in one transaction, and begin them; or stop what is to be stopped.

        Raises UnavailableError when the database is away: nothing is lost, the batch can be taken in again.
        """
        topic = parse_topic(batch[0].topic, self._games)
        messages = [message for message in batch if not message.is_retained]
        match topic:
            case RequestTopic():
                checked = [await self._intake.request(topic, message) for message in messages]
            case GameTopic():
                checked = [await self._intake.game(topic, message) for message in messages]
            case CancelTopic() | StatusTopic():
                for message in messages:
                    await self._stop(topic, message)
                return
            case _:
                return
        claims = [self._intake.claim(taken) for taken in checked if taken is not None]
        for work in await asyncio.gather(*claims):
            if work is not None:
                await self._desk.begin(work)

    async def _stop(self, topic: CancelTopic | StatusTopic, message: Incoming) -> None:
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
        for work in self._desk.works():
            user_id, client, request = work.key
            is_meant = isinstance(topic, StatusTopic) or request == topic.request
            if is_meant and (user_id, client) == (principal.user.id, topic.client):
                await self._desk.stop(work)

    def _game_topics(self) -> GameTopics:
        return GameTopics(
            self._projects.names,
            user_input=self._settings.mqtt_topic_user_input,
            state=self._settings.mqtt_topic_state,
            template=self._settings.mqtt_topic_template,
        )
