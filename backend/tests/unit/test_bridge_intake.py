"""Who is answered, and what is said of those who are not; without a broker or a database."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from app.bridge.intake import Intake
from app.bridge.status import BridgeStatus
from app.bridge.topics import GameTopic
from app.bridge.transport import Incoming
from app.keys.errors import UnknownKeyError

_TOPIC = GameTopic("maze", "user_input")


class NobodyIsKnown:
    async def by_secret(self, secret: str) -> None:
        raise UnknownKeyError


def _message(payload: bytes) -> Incoming:
    return Incoming("maze/user_input", payload, 1, False, 1, 1, None)  # type: ignore[arg-type]


async def test_a_game_key_that_is_no_key_is_said_once_and_never_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    unused: Any = None
    given = {"game_key": "pp_revoked", "reply_bases": {}, "projects": unused}
    intake = Intake(unused, unused, NobodyIsKnown(), unused, BridgeStatus(), **given)  # type: ignore[arg-type]
    assert await intake.game(_TOPIC, _message(b'{"message": "hi", "token": "pp_mistyped"}')) is None
    assert not caplog.records, "that is its sender's affair"
    for _ in range(3):
        assert await intake.game(_TOPIC, _message(b"hi")) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "MQTT_GAME_KEY" in caplog.text
    assert "pp_revoked" not in caplog.text
