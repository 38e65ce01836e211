"""The topics of both contracts, as data. Pure: no network, no settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ROOT = "pp/v1"
REQUESTS = f"{ROOT}/+/req"
CANCELS = f"{ROOT}/+/cancel/+"
STATUSES = f"{ROOT}/+/status"
SHARE = "$share/portal/"

_NAME = re.compile(r"[A-Za-z0-9_.:~-]{1,64}")
_MAX_TOPIC_CHARS = 256

GameAction = Literal["user_input", "state", "template", "clear_history", "delete_session"]
_INPUTS: tuple[GameAction, ...] = ("user_input", "state", "template", "clear_history", "delete_session")
_OF_A_SESSION: tuple[GameAction, ...] = ("template", "clear_history", "delete_session")


@dataclass(frozen=True, slots=True)
class RequestTopic:
    """`pp/v1/{client}/req`: a request of the portal's own contract."""

    client: str


@dataclass(frozen=True, slots=True)
class CancelTopic:
    """`pp/v1/{client}/cancel/{rid}`: stop a request."""

    client: str
    request: str


@dataclass(frozen=True, slots=True)
class StatusTopic:
    """`pp/v1/{client}/status`: a client's presence, which may ask to stop what it asked."""

    client: str


@dataclass(frozen=True, slots=True)
class GameTopic:
    """A topic of the projects' contract; `session` is set where the topic names one."""

    project: str
    action: GameAction
    session: str | None = None


Topic = RequestTopic | CancelTopic | StatusTopic | GameTopic


def is_name(text: str) -> bool:
    """Tell whether a client or request may have this name: one topic level, no wildcard, at most 64 characters."""
    return _NAME.fullmatch(text) is not None


def reply_prefix(client: str) -> str:
    return f"{ROOT}/{client}/res/"


def is_own_reply_topic(client: str, topic: str) -> bool:
    """Tell whether a Response Topic lies under the client's own prefix and names one topic."""
    return is_topic_under(reply_prefix(client), topic)


def is_topic_under(prefix: str, topic: str) -> bool:
    """Tell whether a topic of plain levels lies under a prefix. A long one ends a connection: Mosquitto takes 200 levels."""
    levels = topic.removeprefix(prefix).split("/")
    is_short = len(topic) <= _MAX_TOPIC_CHARS
    return is_short and topic.startswith(prefix) and all(is_name(level) for level in levels)


class GameTopics:
    """Which topics the projects listen to: `{project}/user_input`, `{project}/state`, …, and the configured names."""

    def __init__(
        self, projects: list[str], *, user_input: str = "", state: str = "", template: str = ""
    ) -> None:
        self._inputs: dict[str, GameTopic] = {
            f"{project}/{action}": GameTopic(project, action) for project in projects for action in _INPUTS
        }
        for topic, action in zip((user_input, state, template), _INPUTS, strict=False):
            if topic:
                self._inputs.setdefault(topic, GameTopic(topic.split("/")[0], action))
        self._projects = projects

    def subscriptions(self) -> list[str]:
        ends = [f"{project}/{action}/+" for project in self._projects for action in _OF_A_SESSION]
        return [*self._inputs, *ends]

    def parse(self, topic: str) -> GameTopic | None:
        if topic in self._inputs:
            return self._inputs[topic]
        match topic.split("/"):
            case [project, "template" | "clear_history" | "delete_session" as action, session] if (
                project in self._projects
            ):
                return GameTopic(project, action, session)
        return None


def reply_base(hears: str) -> str:
    """Return under what answers go, by a filter that hears them: `maze/hint` by `maze/hint/+`; empty where that is no place."""
    base = hears.removesuffix("/+").removesuffix("/#")
    return "" if "+" in base or "#" in base else base


def sender_of(topic: str) -> str:
    """Return by whom, as far as a topic tells: a client, or all players of a project. What each of them says keeps its order."""
    levels = topic.split("/", 3)
    return "/".join(levels[:3]) if topic.startswith(f"{ROOT}/") else levels[0]


def status_client(topic: str) -> str | None:
    """Return whose presence a topic tells; None for any other topic."""
    match topic.split("/"):
        case ["pp", "v1", client, "status"] if is_name(client):
            return client
    return None


def parse_topic(topic: str, games: GameTopics) -> Topic | None:
    """Return what a topic means; None for what nobody should have sent here."""
    match topic.split("/"):
        case ["pp", "v1", client, "req"] if is_name(client):
            return RequestTopic(client)
        case ["pp", "v1", client, "cancel", request] if is_name(client) and is_name(request):
            return CancelTopic(client, request)
        case ["pp", "v1", client, "status"] if is_name(client):
            return StatusTopic(client)
    return games.parse(topic)
