"""Who may sign in to the portal's own broker and what they may say there, as Mosquitto's dynamic security wants it. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CONTROL_TOPIC = "$CONTROL/dynamic-security/v1"
# amqtt closes the connection of who publishes to a topic that begins with `$`; only the portal may publish there.
FALLBACK_CONTROL_TOPIC = "pp/accounts"
# The secrets are random and of 256 bits: more rounds would only make signing in slower.
_ITERATIONS = 101
_PORTAL_ROLE = "portal"


@dataclass(frozen=True, slots=True)
class Hashed:
    """A secret as the broker keeps it: PBKDF2 with SHA-512, in base64."""

    salt: str
    password: str


@dataclass(frozen=True, slots=True)
class Account:
    """One device: its name, its secret's hash, and the topics it may publish to and subscribe to."""

    username: str
    hashed: Hashed
    may_publish: tuple[str, ...]
    may_subscribe: tuple[str, ...]
    is_shut_off: bool = False


def hash_secret(secret: str) -> Hashed:
    """Hash a random secret with a new salt."""
    salt = secrets.token_bytes(12)
    return Hashed(base64.b64encode(salt).decode(), _key(secret, salt))


def is_secret_of(hashed: Hashed, secret: str) -> bool:
    """Tell, in constant time, whether this is the secret that was hashed."""
    return hmac.compare_digest(_key(secret, base64.b64decode(hashed.salt)), hashed.password)


def _key(secret: str, salt: bytes) -> str:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS, 64)).decode()


def security_file(portal_user: str, portal_secret: str, accounts: Iterable[Account]) -> dict[str, Any]:
    """Return the whole of the file that the broker reads at its start: nobody else gets in."""
    devices = list(accounts)
    return {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": True,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [
            _client(portal_user, _PORTAL_ROLE, hash_secret(portal_secret)),
            *(_client_of(device) for device in devices),
        ],
        "groups": [],
        "roles": [_portal_role(), *(_role(device) for device in devices)],
    }


def add_commands(account: Account, secret: str) -> list[dict[str, Any]]:
    """Return the commands that let a device in at once; one of that name is replaced and thrown out first."""
    return [
        *remove_commands(account.username),
        {"command": "createRole", **_role(account)},
        {
            "command": "createClient",
            "username": account.username,
            "password": secret,
            "roles": [{"rolename": _role_name(account.username), "priority": 0}],
        },
    ]


def change_commands(account: Account) -> list[dict[str, Any]]:
    """Return the commands that give a device other topics; its secret stays."""
    return [{"command": "modifyRole", **_role(account)}]


def remove_commands(username: str) -> list[dict[str, Any]]:
    """Return the commands that end a device's account and its connection."""
    return [
        {"command": "deleteClient", "username": username},
        {"command": "deleteRole", "rolename": _role_name(username)},
    ]


def shut_off_commands(username: str) -> list[dict[str, Any]]:
    """Return the commands that end a device's connection and let it in no more; its secret stays good for later."""
    return [{"command": "disableClient", "username": username}]


def let_in_commands(username: str) -> list[dict[str, Any]]:
    """Return the commands that undo `shut_off_commands`."""
    return [{"command": "enableClient", "username": username}]


def _client_of(device: Account) -> dict[str, Any]:
    client = _client(device.username, _role_name(device.username), device.hashed)
    return {**client, "disabled": True} if device.is_shut_off else client


def _client(username: str, role: str, hashed: Hashed) -> dict[str, Any]:
    return {
        "username": username,
        "roles": [{"rolename": role}],
        "password": hashed.password,
        "salt": hashed.salt,
        "iterations": _ITERATIONS,
    }


def _role(account: Account) -> dict[str, Any]:
    acls = [_acl("publishClientSend", topic) for topic in account.may_publish]
    acls += [_acl("subscribePattern", topic) for topic in account.may_subscribe]
    return {"rolename": _role_name(account.username), "acls": acls}


def _portal_role() -> dict[str, Any]:
    topics = [
        ("publishClientSend", "#"),
        ("publishClientSend", "$CONTROL/dynamic-security/#"),
        ("subscribePattern", "#"),
        ("subscribePattern", "$share/portal/#"),
        ("subscribePattern", "$CONTROL/dynamic-security/#"),
    ]
    return {"rolename": _PORTAL_ROLE, "acls": [_acl(kind, topic) for kind, topic in topics]}


def _acl(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _role_name(username: str) -> str:
    return f"device-{username}"
