"""What a device may say and hear at the broker. Pure."""

from __future__ import annotations

from app.broker.accounts import Account, Hashed
from app.devices.tables import Device, MqttConnection

_OF_A_SESSION = ("template", "clear_history", "delete_session")
_SAY = ("user_input", "state", *_OF_A_SESSION, *(f"{topic}/+" for topic in _OF_A_SESSION))
_HEAR = ("assistant_response/#", "hint/#", "status")


def account_of(device: Device) -> Account:
    """Return its account: its own `pp/v1/{client}/…`, the state of the bridges, and its projects' topics."""
    say, hear = _own_topics(device.client)
    for project in device.projects:
        say += [f"{project}/{topic}" for topic in _SAY]
        hear += [f"{project}/{topic}" for topic in _HEAR]
    return Account(device.client, Hashed(device.salt, device.password_hash), tuple(say), tuple(hear))


def account_of_page(connection: MqttConnection) -> Account:
    """Return a page's account: as a device's, but on its projects' topics it hears only whether a bridge is there."""
    say, hear = _own_topics(connection.client)
    for project in connection.projects:
        say += [f"{project}/{topic}" for topic in _SAY]
        hear.append(f"{project}/status")
    hashed = Hashed(connection.salt, connection.password_hash)
    return Account(connection.client, hashed, tuple(say), tuple(hear))


def _own_topics(client: str) -> tuple[list[str], list[str]]:
    own = f"pp/v1/{client}"
    say = [f"{own}/req", f"{own}/cancel/+", f"{own}/status"]
    return say, [f"{own}/res/#", f"{own}/status", "pp/v1/bridge/+/status"]
