"""Who may sign in at a broker that asks the portal (EMQX's HTTP authentication), and what they may say and hear there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.broker.accounts import Account, is_secret_of
from app.broker.patterns import is_within
from app.devices.connections import ConnectionService
from app.devices.service import DeviceService
from app.kit.hashing import is_equal

Action = Literal["publish", "subscribe"]


@dataclass(frozen=True, slots=True)
class Admission:
    """Who signed in: the portal itself (`account` is None), or an account, until `expires_at`."""

    account: Account | None
    expires_at: datetime | None = None


class BrokerSignIn:
    """Checks accounts.

    Args:
        portal_user, portal_password: the portal's own account at the broker, which may do everything there.
    """

    def __init__(
        self,
        devices: DeviceService,
        connections: ConnectionService,
        *,
        portal_user: str,
        portal_password: str,
    ) -> None:
        self._devices = devices
        self._connections = connections
        self._portal_user = portal_user
        self._portal_password = portal_password

    async def admit(self, username: str, password: str) -> Admission | None:
        """Return who this is; None for a wrong name or password."""
        if self._is_portal(username):
            return Admission(None) if is_equal(password, self._portal_password) else None
        found = await self._find(username)
        if found is None or found.account is None or not is_secret_of(found.account.hashed, password):
            return None
        return found

    async def may(self, username: str, action: Action, topic: str) -> bool:
        """Tell whether a signed-in client may publish to a topic, or subscribe to a filter."""
        if self._is_portal(username):
            return True
        found = await self._find(username)
        if found is None or found.account is None:
            return False
        allowed = found.account.may_publish if action == "publish" else found.account.may_subscribe
        return is_within(topic, allowed)

    def _is_portal(self, username: str) -> bool:
        return bool(self._portal_user and self._portal_password) and username == self._portal_user

    async def _find(self, username: str) -> Admission | None:
        if "\0" in username:  # PostgreSQL takes none
            return None
        if account := await self._devices.account(username):
            return Admission(account)
        page = await self._connections.account(username)
        return None if page is None else Admission(*page)
