"""Accounts: registration, passwords, invitations, the first administrator, the local user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import Actor, note
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.kit.hashing import digest
from app.kit.ids import is_id, new_id, new_secret
from app.users.emails import normalise_email
from app.users.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    InvalidEmailError,
    InvalidInviteError,
    LastAdminError,
    NoSuchUserError,
    RegistrationClosedError,
)
from app.users.passwords import HASHER, UNUSABLE, PasswordHasher, check_password
from app.users.repository import UserRepository
from app.users.schemas import Role
from app.users.tables import Invite, User

Registration = Literal["open", "invite", "closed"]

FIRST_ADMIN_EMAIL = "admin@localhost"
_ONE_TIME_BYTES = 15  # 20 characters
LOCAL_USER_EMAIL = "(local)"  # no address, so nobody can register it


class UserService:
    """What can be done with accounts; every method is its own short transaction."""

    def __init__(
        self,
        database: Database,
        *,
        min_password_length: int,
        clock: Clock | None = None,
        hasher: PasswordHasher = HASHER,
    ) -> None:
        self._database = database
        self._min_password_length = min_password_length
        self._clock = clock or SystemClock()
        self._hasher = hasher

    async def has_people(self) -> bool:
        async with self._database.reading() as session:
            return await UserRepository(session).has_people()

    async def register(self, email: str, password: str, policy: Registration, invite: str | None) -> User:
        """Make an account as the policy allows.

        Raises:
            RegistrationClosedError, InvalidInviteError, InvalidEmailError, WeakPasswordError, EmailTakenError.
        """
        if policy == "closed":
            raise RegistrationClosedError
        if policy == "invite" and not invite:
            raise InvalidInviteError(
                "This portal is by invitation. Register with the code that you were given."
            )
        return await self._create(email, password, invite=invite)

    async def create(self, email: str, password: str, *, role: Role = "user") -> User:
        """Make an account without asking whether registration is open."""
        return await self._create(email, password, role=role)

    async def authenticate(self, email: str, password: str) -> User:
        """Return the user of these credentials.

        Raises InvalidCredentialsError, after the same time whether or not anybody has the address.
        """
        user = await self._find(email)
        can_sign_in = user is not None and user.is_active and not user.is_local
        stored = user.password_hash if user is not None and can_sign_in else None
        if not await self._hasher.verify(stored, password) or user is None:
            raise InvalidCredentialsError
        if self._hasher.needs_rehash(user.password_hash):
            await self._store_password(user.id, password)
        return user

    async def is_password(self, user: User, password: str) -> bool:
        return await self._hasher.verify(user.password_hash, password)

    async def set_password(self, user: User, password: str) -> None:
        """Store a new password that the person chose. Raises WeakPasswordError."""
        check_password(password, user.email, self._min_password_length)
        await self._store_password(user.id, password, must_change=False, changed_by=(user.id, user.email))

    async def delete(self, user: User) -> None:
        """Delete the account and all that it owns. Raises LastAdminError."""
        async with self._database.transaction() as session:
            repository = UserRepository(session)
            if await repository.lock_admins() == [user.id]:
                raise LastAdminError
            await repository.delete(user.id)
            note(session, "account.delete", user.email, actor=(user.id, user.email))

    async def create_invite(
        self, *, role: Role = "user", created_by: int | None = None, valid_for: timedelta = timedelta(days=7)
    ) -> str:
        """Make an invitation and return its code, which is not stored."""
        code, now = new_secret(18), self._clock.now()
        invite = Invite(
            id=new_id(),
            code_hash=digest(code),
            role=role,
            created_by=created_by,
            created_at=now,
            expires_at=now + valid_for,
        )
        async with self._database.transaction() as session:
            await UserRepository(session).add_invite(invite)
            note(session, "invitation.create", role, days=valid_for.days)
        return code

    async def open_invites(self) -> Sequence[Invite]:
        async with self._database.reading() as session:
            return await UserRepository(session).open_invites(self._clock.now())

    async def withdraw_invite(self, invite_id: str) -> bool:
        """Let nobody use it any more; False when it was used, or never was."""
        if not is_id(invite_id):
            return False
        async with self._database.transaction() as session:
            is_gone = await UserRepository(session).withdraw_invite(invite_id)
            if is_gone:
                note(session, "invitation.withdraw", invite_id)
        return is_gone

    async def _create(
        self, email: str, password: str, *, role: Role = "user", invite: str | None = None
    ) -> User:
        address = normalise_email(email)
        check_password(password, address, self._min_password_length)
        user = User(
            email=address,
            password_hash=await self._hasher.hash(password),
            role=role,
            created_at=self._clock.now(),
        )
        try:
            async with self._database.transaction() as session:
                repository = UserRepository(session)
                if invite:
                    await self._redeem(repository, invite, user)
                else:
                    await repository.add(user)
                by = "invitation" if invite else "registration"
                note(session, "account.create", address, actor=(user.id, address), role=user.role, by=by)
        except IntegrityError as error:
            raise EmailTakenError from error
        return user

    async def _redeem(self, repository: UserRepository, code: str, user: User) -> None:
        now = self._clock.now()
        invite = await repository.open_invite(digest(code), now)
        if invite is None:
            raise InvalidInviteError
        user.role = invite.role
        await repository.add(user)
        if not await repository.use_invite(invite.id, user.id, now):
            raise InvalidInviteError

    async def _find(self, email: str) -> User | None:
        try:
            address = normalise_email(email)
        except InvalidEmailError:
            return None
        async with self._database.reading() as session:
            return await UserRepository(session).by_email(address)

    async def _store_password(
        self, user_id: int, password: str, *, must_change: bool | None = None, changed_by: Actor | None = None
    ) -> None:
        password_hash = await self._hasher.hash(password)
        async with self._database.transaction() as session:
            await UserRepository(session).set_password(user_id, password_hash, must_change=must_change)
            if changed_by is not None:
                note(session, "password.change", changed_by[1], actor=changed_by)


async def count_admins(session: AsyncSession) -> int:
    """Count the administrators who can sign in, and let nobody change them before this transaction ends."""
    return len(await UserRepository(session).lock_admins())


async def ensure_first_admin(database: Database, email: str = FIRST_ADMIN_EMAIL) -> tuple[str, str] | None:
    """Make the first administrator when nobody has an account; returns (e-mail, one-time password) or None.

    Of several replicas that start at once, one gets the password: the address is unique.
    """
    async with database.reading() as session:
        if await UserRepository(session).has_people():
            return None
    try:
        return normalise_email(email), await create_with_one_time_password(database, email, "admin")
    except EmailTakenError:
        return None


async def create_with_one_time_password(database: Database, email: str, role: Role = "user") -> str:
    """Make an account with a random password, which is returned and must be changed at the first sign-in.

    Raises InvalidEmailError, EmailTakenError.
    """
    password = new_secret(_ONE_TIME_BYTES)
    user = User(
        email=normalise_email(email),
        password_hash=await HASHER.hash(password),
        role=role,
        must_change_password=True,
    )
    try:
        async with database.transaction() as session:
            await UserRepository(session).add(user)
            note(session, "account.create", user.email, role=role, by="one-time password")
    except IntegrityError as error:
        raise EmailTakenError from error
    return password


async def store_one_time_password(database: Database, email: str) -> tuple[int, str]:
    """Replace a person's password by a random one that must be changed; returns the user's id and the password.

    Their sign-ins go on: `auth.service.reset_to_one_time_password` ends them too. Raises NoSuchUserError.
    """
    address, password = normalise_email(email), new_secret(_ONE_TIME_BYTES)
    password_hash = await HASHER.hash(password)
    async with database.transaction() as session:
        repository = UserRepository(session)
        user = await repository.by_email(address)
        if user is None or user.is_local:
            raise NoSuchUserError(address)
        await repository.set_password(user.id, password_hash, must_change=True)
        note(session, "password.reset", address)
    return user.id, password


async def ensure_local_user(database: Database) -> int:
    """Return the id of the local user, who owns what plain scripts make and cannot sign in; makes it if needed."""
    async with database.reading() as session:
        found = await UserRepository(session).local_user_id()
    if found is not None:
        return found
    local = User(email=LOCAL_USER_EMAIL, password_hash=UNUSABLE, is_local=True)
    try:
        async with database.transaction() as session:
            return (await UserRepository(session).add(local)).id
    except IntegrityError:
        return await ensure_local_user(database)
