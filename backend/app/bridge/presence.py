"""Tells clients whether a bridge is there: retained topics, and a last will for a bridge that dies."""

from __future__ import annotations

from app.bridge.topics import ROOT
from app.bridge.transport import MqttTransport

_ONLINE, _OFFLINE = b"online", b"offline"
# A project has one topic for all bridges: what a bridge that died said there goes away by itself.
_PROJECT_SECONDS = 90


class Presence:
    """`pp/v1/bridge/{id}/status` and `{project}/status`: `online` or `offline`."""

    def __init__(self, bridge_id: str, projects: list[str]) -> None:
        self._own_topic = f"{ROOT}/bridge/{bridge_id}/status"
        self._project_topics = [f"{project}/status" for project in projects]

    @property
    def last_will(self) -> tuple[str, bytes]:
        return self._own_topic, _OFFLINE

    def arrive(self, transport: MqttTransport) -> None:
        """Say that this bridge is there."""
        transport.retain(self._own_topic, _ONLINE)
        self.beat(transport)

    def beat(self, transport: MqttTransport) -> None:
        """Say again, for the projects, that a bridge is there."""
        for topic in self._project_topics:
            transport.retain(topic, _ONLINE, expiry_seconds=_PROJECT_SECONDS)

    def leave(self, transport: MqttTransport) -> None:
        """Say that this bridge ends; another one of the same projects says `online` again within half a minute."""
        transport.retain(self._own_topic, _OFFLINE)
        for topic in self._project_topics:
            transport.retain(topic, _OFFLINE, expiry_seconds=_PROJECT_SECONDS)
