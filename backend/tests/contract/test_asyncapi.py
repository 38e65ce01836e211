"""docs/asyncapi.json is what the bridge does: its topics, its operations, its fields."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from app.bridge.asks import Operation
from app.bridge.frames import Frames
from app.bridge.games import _STATE_FIELDS, GameMessage
from app.bridge.hints import MazeHint
from app.bridge.topics import CANCELS, REQUESTS, STATUSES, GameTopics, parse_topic
from app.config import PROJECT_ROOT
from app.errors import PortalError

GAMES = GameTopics(["maze"])


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads((PROJECT_ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8")))


def _payload(document: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(document["components"]["messages"][name]["payload"])


def _addresses(document: dict[str, Any], action: str) -> list[str]:
    names = [name for name, said in document["operations"].items() if said["action"] == action]
    return [document["channels"][name]["address"] for name in names]


def _example(address: str) -> str:
    return re.sub(r"{\w+}", "x", address.replace("{project}", "maze"))


def test_the_portal_listens_to_what_is_described_and_to_nothing_else(document: dict[str, Any]) -> None:
    described = _addresses(document, "receive")
    assert [address for address in described if parse_topic(_example(address), GAMES) is None] == []
    filters = {re.sub(r"{\w+}", "+", address.replace("{project}", "maze")) for address in described}
    assert filters == {REQUESTS, CANCELS, STATUSES, *GAMES.subscriptions()}


def test_the_portal_does_not_listen_to_what_it_says(document: dict[str, Any]) -> None:
    said = _addresses(document, "send")
    assert len(said) == 7
    assert [address for address in said if parse_topic(_example(address), GAMES) is not None] == []


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    for reference in references:
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
        assert found
    assert set(document["operations"]) == set(document["channels"])


def test_operations_and_fields_are_those_of_the_code(document: dict[str, Any]) -> None:
    assert _payload(document, "ask")["properties"]["op"]["enum"] == list(get_args(Operation))
    assert set(_payload(document, "hint")["properties"]) == set(MazeHint.model_fields)
    assert set(_payload(document, "gameMessage")["properties"]) == set(GameMessage.model_fields)
    assert set(_STATE_FIELDS) <= set(_payload(document, "gameState")["properties"])


def test_frames_have_the_described_types_and_fields(document: dict[str, Any]) -> None:
    described = _payload(document, "frame")["properties"]
    frames = Frames("q1")
    made = [frames.queued(1), frames.delta("a", "b"), frames.final(text="a"), frames.error(PortalError("no"))]
    assert [frame["type"] for frame in made] == described["type"]["enum"]
    assert {name for frame in made for name in frame} <= set(described)
