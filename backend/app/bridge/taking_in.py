"""From a batch of messages of one sender to work on the desk, or to work that is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.bridge.asks import read_ask
from app.bridge.desk import Desk
from app.bridge.intake import Intake, Taken
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
from app.errors import PortalError, UnavailableError
from app.projects.catalog import ProjectCatalog


class TakingIn:
    """Knows the topics; `subscriptions` are what a bridge listens to, requests shared with the others."""

    def __init__(self, settings: Settings, projects: ProjectCatalog, intake: Intake, desk: Desk) -> None:
        self._settings = settings
        self._projects = projects
        self._intake = intake
        self._desk = desk
        self._games = self._game_topics()
        self._checked: dict[int, Taken | None] = {}

    def follow_projects(self) -> None:
        """Know the projects that there are now."""
        self._games = self._game_topics()

    def subscriptions(self) -> list[str]:
        shared = [f"{SHARE}{topic}" for topic in (REQUESTS, *self._games.subscriptions())]
        return [*shared, CANCELS, STATUSES, BRIDGES]

    async def take_in(self, batch: Sequence[Incoming]) -> None:
        """Put requests into the inbox, in one transaction, and begin them; and stop what is to be stopped, in their order.

        Raises UnavailableError when the database is away: nothing is lost, the batch can be taken in again.
        """
        try:
            await self._take_in([message for message in batch if not message.is_retained])
        except UnavailableError:
            raise
        except BaseException:
            self._forget(batch)
            raise
        self._forget(batch)

    async def _take_in(self, messages: Sequence[Incoming]) -> None:
        found: list[Taken] = []
        for message in messages:
            topic = parse_topic(message.topic, self._games)
            match topic:
                case RequestTopic() | GameTopic():
                    taken = await self._check(topic, message)
                    found += [] if taken is None else [taken]
                case CancelTopic() | StatusTopic():
                    await self._begin(found)
                    found = []
                    await self._stop(topic, message)
        await self._begin(found)

    async def _check(self, topic: RequestTopic | GameTopic, message: Incoming) -> Taken | None:
        """Check a request once, however often it is tried to take it in: its limits count it once, it is refused once."""
        if id(message) in self._checked:
            return self._checked[id(message)]
        if isinstance(topic, RequestTopic):
            taken = await self._intake.request(topic, message)
        else:
            taken = await self._intake.game(topic, message)
        self._checked[id(message)] = taken
        return taken

    async def _begin(self, found: Sequence[Taken]) -> None:
        claims = await asyncio.gather(*(self._intake.claim(taken) for taken in found))
        for taken, work in zip(found, claims, strict=True):
            if work is not None:
                await self._desk.begin(work)
            else:
                self._desk.redirect(taken)

    def _forget(self, batch: Sequence[Incoming]) -> None:
        for message in batch:
            self._checked.pop(id(message), None)

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
