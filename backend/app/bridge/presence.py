"""Tells clients whether a bridge is there: retained topics, and a last will for a bridge that dies."""

from __future__ import annotations

from app.bridge.topics import ROOT
from app.bridge.transport import MqttTransport

_ONLINE, _OFFLINE = b"online", b"offline"
# A project has one topic for all bridges: what a bridge that died said there goes away by itself.
_PROJECT_SECONDS = 90


def status_topic(bridge_id: str) -> str:
    return f"{ROOT}/bridge/{bridge_id}/status"


class Presence:
    """`pp/v1/bridge/{id}/status` and `{project}/status`: `online` or `offline`."""

    def __init__(self, bridge_id: str, projects: list[str]) -> None:
        self._own_topic = status_topic(bridge_id)
        self._projects = projects

    @property
    def last_will(self) -> tuple[str, bytes]:
        return self._own_topic, _OFFLINE

    def arrive(self, transport: MqttTransport) -> None:
        """Say that this bridge is there."""
        transport.retain(self._own_topic, _ONLINE)
        self.beat(transport)

    def beat(self, transport: MqttTransport) -> None:
        """Say again, for the projects, that a bridge is there."""
        self._say(_ONLINE, self._projects, transport)

    def leave(self, transport: MqttTransport) -> None:
        """Say that this bridge ends; another one of the same projects says `online` again within half a minute."""
        transport.retain(self._own_topic, _OFFLINE)
        self._say(_OFFLINE, self._projects, transport)

    def follow(self, projects: list[str], transport: MqttTransport) -> None:
        """Say that a bridge is there for projects that are new, and that none is for those that are gone."""
        self._say(_ONLINE, [name for name in projects if name not in self._projects], transport)
        self._say(_OFFLINE, [name for name in self._projects if name not in projects], transport)
        self._projects = projects

    @staticmethod
    def _say(word: bytes, projects: list[str], transport: MqttTransport) -> None:
        for project in projects:
            transport.retain(f"{project}/status", word, expiry_seconds=_PROJECT_SECONDS)
