"""The accounts of a broker that has no dynamic security of its own, kept by the same document and the same commands. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from app.broker.accounts import Hashed, hash_secret, is_secret_of
from app.broker.patterns import is_within

Kind = Literal["publishClientSend", "subscribePattern"]


class Directory:
    """Who may sign in and what they may say, from `accounts.security_file` and the commands of `accounts`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._roles = {role["rolename"]: _topics(role) for role in document["roles"]}
        self._secrets = {client["username"]: _hashed(client) for client in document["clients"]}
        self._role_of = {client["username"]: _role_of(client) for client in document["clients"]}
        self._shut_off = {client["username"] for client in document["clients"] if client.get("disabled")}

    def apply(self, commands: Iterable[dict[str, Any]]) -> set[str]:
        """Change the accounts; returns the names whose connections end with it."""
        ended = set[str]()
        for command in commands:
            match command["command"]:
                case "createRole" | "modifyRole":
                    self._roles[command["rolename"]] = _topics(command)
                case "deleteRole":
                    self._roles.pop(command["rolename"], None)
                case "createClient":
                    self._secrets[command["username"]] = hash_secret(command["password"])
                    self._role_of[command["username"]] = _role_of(command)
                    self._shut_off.discard(command["username"])
                case "disableClient":
                    self._shut_off.add(command["username"])
                    ended.add(command["username"])
                case "enableClient":
                    self._shut_off.discard(command["username"])
                case "deleteClient":
                    self._role_of.pop(command["username"], None)
                    if self._secrets.pop(command["username"], None) is not None:
                        ended.add(command["username"])
        return ended

    def knows(self, username: str | None, password: str | None) -> bool:
        """Tell whether somebody may sign in; never without a name and a password."""
        hashed = self._secrets.get(username or "")
        if username in self._shut_off:
            return False
        return hashed is not None and bool(password) and is_secret_of(hashed, password or "")

    def has(self, username: str | None) -> bool:
        """Tell whether there is such an account."""
        return username in self._secrets and username not in self._shut_off

    def may(self, username: str | None, kind: Kind, topic: str) -> bool:
        """Tell whether somebody may publish to a topic, or subscribe to a filter."""
        role = self._roles.get(self._role_of.get(username or "", ""), {})
        return is_within(topic, role.get(kind, ()))


def _topics(role: dict[str, Any]) -> dict[str, list[str]]:
    topics: dict[str, list[str]] = {}
    for acl in role["acls"]:
        topics.setdefault(acl["acltype"], []).append(acl["topic"])
    return topics


def _hashed(client: dict[str, Any]) -> Hashed:
    return Hashed(client["salt"], client["password"])


def _role_of(client: dict[str, Any]) -> str:
    return str(client["roles"][0]["rolename"])
