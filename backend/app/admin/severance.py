"""Ends at once, on every replica, what somebody has open: turns, single asks, streams of the page, devices, pages over MQTT."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from app.admin.repository import AdminRepository
from app.admin.watching import Watching
from app.chat.session_watch import SessionWatch
from app.coord.base import CoordUnavailableError
from app.db.session import Database
from app.devices.connections import ConnectionService
from app.devices.service import DeviceService
from app.llm.in_flight import of_key, of_user
from app.llm.sessions import SessionManager


class Severance:
    """One for the process. `devices` and `connections` tell the portal's own broker, where there is one."""

    def __init__(
        self,
        database: Database,
        sessions: SessionManager,
        watching: Watching,
        session_watch: SessionWatch,
        devices: DeviceService,
        connections: ConnectionService,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._watching = watching
        self._session_watch = session_watch
        self._devices = devices
        self._connections = connections

    async def shut_off(self, user_id: int) -> None:
        """End everything of an account that may do nothing from now on."""
        await self.sign_out(user_id)
        async with self._database.reading() as session:
            running = await AdminRepository(session).running_of(user_id)
        await self._stop(of_user(user_id), running)
        await self._devices.shut_off(user_id)
        await self._connections.end_of(user_id)

    async def end_key(self, key_id: str) -> None:
        """End what runs for an API key that was revoked."""
        async with self._database.reading() as session:
            running = await AdminRepository(session).running_with(key_id)
        await self._stop(of_key(key_id), running)

    async def let_in(self, user_id: int) -> None:
        """Let an account's devices come back."""
        await self._devices.let_in(user_id)

    async def sign_out(self, user_id: int) -> None:
        """End streams that were opened with rights that are no more; the page asks again with those that it has."""
        self._session_watch.end(user_id)
        await self._watching.end_everywhere(user_id)

    async def end_pages(self, user_id: int) -> None:
        """End what was opened with a sign-in that may have ended: pages whose own still counts come back by themselves."""
        await self.sign_out(user_id)
        await self._connections.end_of(user_id)

    async def departing(self, user_id: int) -> Callable[[], Awaitable[None]]:
        """Remember what an account has open; returns what ends it once the account is deleted."""
        async with self._database.reading() as session:
            running = await AdminRepository(session).running_of(user_id)
        clients = [device.client for device in await self._devices.list(user_id)]
        clients += await self._connections.clients_of(user_id)

        async def end() -> None:
            await self.sign_out(user_id)
            await self._stop(of_user(user_id), running)
            await self._devices.forget(clients)

        return end

    async def _stop(self, whom: str, running: Sequence[str]) -> None:
        for turn_id in running:
            with contextlib.suppress(CoordUnavailableError):  # it runs where nobody can be reached
                await self._sessions.cancel(turn_id)
        try:
            await self._sessions.stop_asks(whom)
        except CoordUnavailableError:
            self._sessions.in_flight.hear(whom)
