"""What health says of a part, by what the part says of itself."""

from __future__ import annotations

from app.admin.components import _bridge
from app.bridge.status import BridgeStatus


def test_a_bridge_that_has_only_begun_is_no_outage() -> None:
    status = BridgeStatus(broker="127.0.0.1:1883")
    assert _bridge(status).state == "starting"
    status.began -= 60
    assert _bridge(status).state == "down", "nobody answers there"
    status.began += 60
    status.is_connected, status.connects = True, 1
    assert _bridge(status).state == "ok"
    status.is_connected = False
    assert _bridge(status).state == "down", "it was there, and is lost"
