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


def test_a_bridge_that_may_not_hear_what_it_serves_is_no_healthy_one() -> None:
    status = BridgeStatus(broker="broker:1883", is_connected=True, connects=1)
    status.problem = "broker:1883 does not let the portal hear pp/v1/+/req: Not authorized."
    found = _bridge(status)
    assert (found.state, found.message) == ("degraded", status.problem)
