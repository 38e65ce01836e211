"""What a device may say and hear at the broker. Pure."""

from __future__ import annotations

from app.broker.accounts import Account, Hashed
from app.devices.tables import Device

_SAY = ("user_input", "state", "template", "template/+", "clear_history/+", "delete_session/+")
_HEAR = ("assistant_response/#", "hint/#", "status")


def account_of(device: Device) -> Account:
    """Return its account: its own `pp/v1/{client}/…`, the state of the bridges, and its projects' topics."""
    own = f"pp/v1/{device.client}"
    say = [f"{own}/req", f"{own}/cancel/+", f"{own}/status"]
    hear = [f"{own}/res/#", f"{own}/status", "pp/v1/bridge/+/status"]
    for project in device.projects:
        say += [f"{project}/{topic}" for topic in _SAY]
        hear += [f"{project}/{topic}" for topic in _HEAR]
    return Account(device.client, Hashed(device.salt, device.password_hash), tuple(say), tuple(hear))
