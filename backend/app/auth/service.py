"""Signing in and out: passwords to sign-ins, rotation of refresh tokens, revocation."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.audit.service import note
from app.auth.errors import NoCredentialError, RefreshRefusedError, SignInNotFoundError
from app.auth.principal import Client, Principal
from app.auth.repository import SignInRepository
from app.auth.tables import SignIn
from app.auth.throttle import AttemptThrottle
from app.auth.tokens import TokenMint, refresh_hash
from app.db.session import Database
from app.errors import NotSignedInError
from app.kit.clock import Clock, SystemClock
from app.kit.ids import is_id, new_id
from app.users.emails import normalise_email
from app.users.errors import (
    InvalidCredentialsError,
    InvalidEmailError,
    WeakPasswordError,
    WrongPasswordError,
)
from app.users.service import UserService, store_one_time_password
from app.users.tables import User

logger = logging.getLogger("portal.auth")

GRACE = timedelta(seconds=10)  # two tabs that wake up together renew with the same cookie
MAX_SIGN_INS = 100
LONGEST = timedelta(days=180)
"""However much it is used: then the password is asked for again (ASVS 5, 7.3.2)."""


Departing = Callable[[int], Awaitable[Callable[[], Awaitable[None]]]]
"""Asked before an account is deleted; what it returns ends, afterwards, what the account had open."""


async def _nothing_open(user_id: int) -> Callable[[], Awaitable[None]]:
    async def end() -> None:
        pass

    return end


SignedOut = Callable[[int], Awaitable[None]]
"""Told whose sign-ins have ended, so that nothing goes on that was opened with them."""


async def _nothing_to_end(user_id: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens for a browser; `refresh_token` is None when it has a newer one already."""

    access_token: str = field(repr=False)
    expires_in_seconds: int
    refresh_token: str | None = field(repr=False)
    user: User = field(repr=False)


class AuthService:
    """The life of sign-ins."""

    def __init__(
        self,
        database: Database,
        users: UserService,
        mint: TokenMint,
        throttle: AttemptThrottle,
        *,
        idle_lifetime: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._users = users
        self._mint = mint
        self._throttle = throttle
        self._idle_lifetime = idle_lifetime
        self._clock = clock
        self.departing: Departing = _nothing_open
        self.signed_out: SignedOut = _nothing_to_end

    async def login(self, email: str, password: str, client: Client) -> Issued:
        """Open a sign-in. Raises InvalidCredentialsError, TooManyAttemptsError."""
        await self._throttle.admit(email, client.address)
        try:
            user = await self._users.authenticate(email, password)
        except InvalidCredentialsError:
            await self._note_failure(email, client)
            raise
        await self._throttle.forgive(email, client.address)
        return await self._open(user, client)

    async def refresh(self, token: str | None) -> Issued:
        """Exchange a refresh token for the next one.

        A token that was exchanged before ends the whole sign-in: one of its two holders is a thief. Within `GRACE`
        of the exchange the previous token still gives an access token, and no new refresh token.

        Raises RefreshRefusedError.
        """
        sign_in_id = self._mint.sign_in_of(token or "")
        if token is None or sign_in_id is None:
            raise RefreshRefusedError
        now, next_token = self._clock.now(), self._mint.refresh_token(sign_in_id)
        async with self._database.transaction() as session:
            repository = SignInRepository(session)
            began_at = await repository.began_at(sign_in_id) or now
            until = min(now + self._idle_lifetime, began_at + LONGEST)
            is_rotated = await repository.rotate(
                sign_in_id, refresh_hash(token), refresh_hash(next_token), now, until
            )
            found = await repository.with_user(sign_in_id)
            is_in_grace = not is_rotated and found is not None and _is_in_grace(found[0], token, now)
            is_reuse = not is_rotated and not is_in_grace and await repository.revoke(sign_in_id, now)
            if is_reuse and found is not None:
                note(session, "sign_in.reuse", found[1].email, actor=(found[1].id, found[1].email), at=now)
        if is_reuse:
            logger.warning("sign-in %s was ended: its refresh token was used twice", sign_in_id)
        if found is None or not (is_rotated or is_in_grace) or not found[1].is_active:
            raise RefreshRefusedError
        return self._issue(found[1], sign_in_id, next_token if is_rotated else None)

    async def logout(self, bearer: str | None, cookie: str | None) -> None:
        """End the sign-in of either credential, at once on every replica. Raises NoCredentialError without any."""
        ended = {
            sign_in
            for sign_in in (self._bearer_sign_in(bearer), self._mint.sign_in_of(cookie or ""))
            if sign_in
        }
        if not ended:
            raise NoCredentialError
        people: set[int] = set()
        async with self._database.transaction() as session:
            repository, now = SignInRepository(session), self._clock.now()
            for sign_in_id in ended:
                found = await repository.with_user(sign_in_id)
                if await repository.revoke(sign_in_id, now) and found is not None:
                    note(session, "sign_in.end", actor=(found[1].id, found[1].email), at=now)
                    people.add(found[1].id)
        for user_id in people:
            await self.signed_out(user_id)

    async def change_password(self, principal: Principal, current: str, new: str, client: Client) -> Issued:
        """Set a new password and end every sign-in but the new one that is returned.

        Raises:
            WrongPasswordError, WeakPasswordError, TooManyAttemptsError.
        """
        await self._confirm(principal.user, current, client)
        if new == current:
            raise WeakPasswordError("The new password must differ from the current one.")
        await self._users.set_password(principal.user, new)
        async with self._database.transaction() as session:
            await SignInRepository(session).revoke_all(principal.user.id, self._clock.now())
        await self.signed_out(principal.user.id)
        return await self._open(principal.user, client)

    async def delete_account(self, principal: Principal, password: str, client: Client) -> None:
        """Delete the account with all that it owns. Raises WrongPasswordError, LastAdminError."""
        await self._confirm(principal.user, password, client)
        end = await self.departing(principal.user.id)
        await self._users.delete(principal.user)
        await end()

    async def sign_ins(self, user_id: int) -> Sequence[SignIn]:
        async with self._database.reading() as session:
            return await SignInRepository(session).living(user_id, self._clock.now())

    async def revoke(self, user_id: int, sign_in_id: str) -> None:
        """End one sign-in of this user. Raises SignInNotFoundError, also for other people's."""
        if not is_id(sign_in_id):
            raise SignInNotFoundError
        async with self._database.transaction() as session:
            if not await SignInRepository(session).revoke(sign_in_id, self._clock.now(), user_id):
                raise SignInNotFoundError
            note(session, "sign_in.end", at=self._clock.now(), by="list")
        await self.signed_out(user_id)

    async def _note_failure(self, email: str, client: Client) -> None:
        """What was typed is named only if it is an address: people type passwords into the wrong box."""
        try:
            shown = normalise_email(email)
        except InvalidEmailError:
            shown = "(no address)"
        async with self._database.transaction() as session:
            note(session, "sign_in.fail", shown, at=self._clock.now(), address=client.address)

    async def _confirm(self, user: User, password: str, client: Client) -> None:
        await self._throttle.admit(user.email, client.address)
        if not await self._users.is_password(user, password):
            raise WrongPasswordError
        await self._throttle.forgive(user.email, client.address)

    async def _open(self, user: User, client: Client) -> Issued:
        sign_in_id, now = new_id(), self._clock.now()
        token = self._mint.refresh_token(sign_in_id)
        sign_in = SignIn(
            id=sign_in_id,
            user_id=user.id,
            token_hash=refresh_hash(token),
            created_at=now,
            last_used_at=now,
            expires_at=now + self._idle_lifetime,
            user_agent=client.user_agent,
            ip=client.address,
        )
        async with self._database.transaction() as session:
            repository = SignInRepository(session)
            await repository.add(sign_in)
            await repository.prune(user.id, now, MAX_SIGN_INS)
            note(session, "sign_in.open", actor=(user.id, user.email), at=now, address=client.address)
        return self._issue(user, sign_in_id, token)

    def _issue(self, user: User, sign_in_id: str, refresh_token: str | None) -> Issued:
        access_token = self._mint.access_token(user.id, sign_in_id, self._clock.now())
        return Issued(access_token, int(self._mint.lifetime.total_seconds()), refresh_token, user)

    def _bearer_sign_in(self, bearer: str | None) -> str | None:
        try:
            return self._mint.read_access_token(bearer or "", self._clock.now()).sign_in_id
        except NotSignedInError:
            return None


async def reset_to_one_time_password(database: Database, email: str) -> str:
    """Give the person a one-time password, which is returned, and end all their sign-ins.

    Raises NoSuchUserError.
    """
    user_id, password = await store_one_time_password(database, email)
    async with database.transaction() as session:
        await SignInRepository(session).revoke_all(user_id, SystemClock().now())
    return password


def _is_in_grace(sign_in: SignIn, token: str, now: datetime) -> bool:
    is_alive = sign_in.revoked_at is None and sign_in.expires_at > now
    is_previous = sign_in.previous_hash == refresh_hash(token)
    return is_alive and is_previous and sign_in.rotated_at is not None and now - sign_in.rotated_at <= GRACE
