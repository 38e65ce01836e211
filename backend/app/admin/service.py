"""What operators see and administrators change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from app.admin.errors import NotRunningError, OwnAccountError, UnknownInvitationError, UnknownUserError
from app.admin.live import LiveAsk
from app.admin.repository import AdminRepository
from app.admin.schemas import (
    AdminUserList,
    AdminUserRead,
    AdminUserUpdate,
    AuditLine,
    AuditPage,
    InvitationCreate,
    InvitationList,
    InvitationRead,
    InvitationState,
    LiveRead,
    LiveTurn,
    StatsGroup,
    StatsRead,
    TimelineGroup,
    TimelineRead,
)
from app.admin.severance import Severance
from app.admin.stats import Figures, grouped, summed
from app.admin.timeline import timeline
from app.audit.export import ExportFormat, as_file
from app.audit.service import AuditFilter, AuditService, note
from app.auth.repository import SignInRepository
from app.db.session import Database
from app.kit.clock import Clock
from app.kit.ids import is_id
from app.llm.sessions import SessionManager
from app.users.errors import LastAdminError
from app.users.service import UserService, count_admins
from app.users.tables import User

MAX_COUNTED = 50_000
MAX_LIVE = 500


class AdminService:
    """One for the process. Who may call what is the doors' check; what is changed is in the audit log."""

    def __init__(
        self,
        database: Database,
        users: UserService,
        sessions: SessionManager,
        audit: AuditService,
        clock: Clock,
        usage_written: Callable[[], Awaitable[None]],
        currency: str,
        severance: Severance,
        asks_elsewhere: Callable[[], list[LiveAsk]],
    ) -> None:
        self._database = database
        self._users = users
        self._sessions = sessions
        self._audit = audit
        self._clock = clock
        self._usage_written = usage_written
        self._currency = currency
        self._severance = severance
        self._asks = asks_elsewhere

    async def stats(self, hours: int, by: StatsGroup) -> StatsRead:
        """Count the requests of the last hours, of every door; of more than MAX_COUNTED only the newest."""
        since = self._clock.now() - timedelta(hours=hours)
        await self._usage_written()
        async with self._database.reading() as session:
            rows = await AdminRepository(session).requests_since(since, MAX_COUNTED)
        requests = [Figures(*tuple(row)) for row in rows]
        return StatsRead(
            hours=hours,
            by=by,
            total=summed("all", requests),
            groups=grouped(requests, by),
            is_partial=len(rows) == MAX_COUNTED,
        )

    async def timeline(self, minutes: int, by: TimelineGroup) -> TimelineRead:
        """Put the requests of the last minutes on a line of time, by group; counted as in `stats`."""
        now = self._clock.now()
        await self._usage_written()
        async with self._database.reading() as session:
            since = now - timedelta(minutes=minutes)
            rows = await AdminRepository(session).requests_since(since, MAX_COUNTED)

        def arranged() -> TimelineRead:
            requests = [Figures(*tuple(row)) for row in rows]
            is_partial = len(rows) == MAX_COUNTED
            return timeline(requests, by, minutes, now, currency=self._currency, is_partial=is_partial)

        return await asyncio.to_thread(arranged)

    async def live(self) -> LiveRead:
        """Return what runs or waits now, on every replica; of a flood the oldest."""
        asks = self._asks()[:MAX_LIVE]
        async with self._database.reading() as session:
            repository = AdminRepository(session)
            rows = await repository.running(MAX_LIVE)
            emails = await repository.emails_of({ask.user_id for ask in asks})
        return LiveRead(
            items=[
                LiveTurn(
                    turn_id=turn.id,
                    user_id=turn.user_id,
                    email=email,
                    door=turn.door,
                    model=turn.model,
                    status=turn.status,
                    replica=turn.replica_id,
                    created_at=turn.created_at,
                    started_at=turn.started_at,
                )
                for turn, email in rows
            ]
            + [ask.read(emails.get(ask.user_id, "")) for ask in asks]
        )

    async def cancel(self, actor: User, turn_id: str) -> None:
        """Stop anybody's turn, on whichever replica it runs. Raises NotRunningError."""
        is_ask = any(ask.id == turn_id for ask in self._asks())
        if not (is_ask or is_id(turn_id)):
            raise NotRunningError
        async with self._database.transaction() as session:
            if not (is_ask or await AdminRepository(session).is_running(turn_id)):
                raise NotRunningError
            note(session, "turn.cancel", turn_id, actor=_who(actor))
        await (self._sessions.stop_asks(turn_id) if is_ask else self._sessions.cancel(turn_id))

    async def people(self, wish: str | None, after: int, limit: int) -> AdminUserList:
        async with self._database.reading() as session:
            found = await AdminRepository(session).people(wish, after, limit + 1)
        items = [AdminUserRead.model_validate(user) for user in found[:limit]]
        return AdminUserList(items=items, next_after=items[-1].id if len(found) > limit else None)

    async def update_user(self, actor: User, user_id: int, wish: AdminUserUpdate) -> AdminUserRead:
        """Change a role, or shut an account off: its sign-ins end and its turns stop at once, on every replica.

        Raises UnknownUserError, OwnAccountError, LastAdminError.
        """
        async with self._database.transaction() as session:
            repository = AdminRepository(session)
            admins = await count_admins(session)
            user = await repository.person(user_id)
            if user is None:
                raise UnknownUserError
            if user.id == actor.id:
                raise OwnAccountError
            changes = _changes(user, wish)
            if user.role == "admin" and user.is_active and changes and admins <= 1:
                raise LastAdminError
            for name, value in changes.items():
                setattr(user, name, value)
            if changes:
                note(session, "user.update", user.email, actor=_who(actor), **changes)
            if changes.get("is_active") is False:
                await SignInRepository(session).revoke_all(user.id, self._clock.now())
        await self._follow(user_id, changes)
        return AdminUserRead.model_validate(user)

    async def _follow(self, user_id: int, changes: Mapping[str, Any]) -> None:
        """Let what is open follow from what the account may do now."""
        if changes.get("is_active") is False:
            await self._severance.shut_off(user_id)
        elif changes.get("is_active"):
            await self._severance.let_in(user_id)
        elif changes:
            await self._severance.sign_out(user_id)

    async def invite(self, actor: User, wish: InvitationCreate) -> InvitationRead:
        code = await self._users.create_invite(
            role=wish.role, created_by=actor.id, valid_for=timedelta(days=wish.days)
        )
        return InvitationRead(code=code, role=wish.role, expires_in_days=wish.days)

    async def invitations(self) -> InvitationList:
        """Return the invitations that somebody can still use."""
        rows = await self._users.open_invites()
        return InvitationList(items=[InvitationState.model_validate(row) for row in rows])

    async def withdraw_invitation(self, invite_id: str) -> None:
        """Raises UnknownInvitationError, also for one that was used."""
        if not await self._users.withdraw_invite(invite_id):
            raise UnknownInvitationError

    async def audit_page(self, wish: AuditFilter, before: str | None, limit: int) -> AuditPage:
        rows = await self._audit.page(wish, before=before, limit=limit + 1)
        items = [AuditLine.model_validate(row) for row in rows[:limit]]
        return AuditPage(items=items, next_before=items[-1].id if len(rows) > limit else None)

    async def audit_file(self, wish: AuditFilter, kind: ExportFormat) -> AsyncIterator[bytes]:
        """Return the lines as a file in pieces; that they were taken is a line itself."""
        await self._audit.record("audit.export", kind)
        return as_file(self._audit.lines(wish), kind)


def _changes(user: User, wish: AdminUserUpdate) -> dict[str, Any]:
    wanted = wish.model_dump(exclude_unset=True, exclude_none=True)
    return {name: value for name, value in wanted.items() if getattr(user, name) != value}


def _who(user: User) -> tuple[int, str]:
    return user.id, user.email
