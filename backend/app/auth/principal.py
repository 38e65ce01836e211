"""Who is asking: a person who signed in, or a program with that person's key."""

from __future__ import annotations

from dataclasses import dataclass

from app.keys.schemas import SCOPES
from app.keys.service import KeyGrant
from app.limits.subjects import Subject, subject_of
from app.llm.types import Caller
from app.users.tables import User


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, for the list of sign-ins and the throttle."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request; either `sign_in_id` or `key` is set, or neither for whoever runs programs on this machine."""

    user: User
    scopes: frozenset[str]
    sign_in_id: str | None = None
    key: KeyGrant | None = None
    open_models: tuple[str, ...] | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody in particular asks: there is no row of such a user, and nothing can belong to it."""
        return self.open_models is not None

    @property
    def caller(self) -> Caller:
        """What the engine needs to know of the caller."""
        if self.key is None:
            return Caller(user_id=self.user.id, allowed_models=self.open_models)
        return Caller(self.user.id, key_id=self.key.id, allowed_models=self.key.allowed_models)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Whose limits this request counts against: the key's and the person's, those that have any."""
        key = self.key.subject if self.key is not None else None
        person = subject_of("user", self.user.id, self.user)
        if key is None and person is None:
            return ()
        return tuple(subject for subject in (key, person) if subject is not None)

    @property
    def is_admin(self) -> bool:
        """An administrator who signed in, or such a person's key of the scope `admin`."""
        return self.user.role == "admin" and "admin" in self.scopes


def scopes_of(user: User) -> frozenset[str]:
    """Return what a person may do after signing in."""
    return frozenset(scope for scope in SCOPES if scope != "admin" or user.role == "admin")
