"""Who is asking: a person who signed in, or a program with that person's key."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """The caller of a request; either `sign_in_id` or `key` is set, or neither for whoever runs programs on this machine.

    `caller` is what the engine needs to know; `subjects` are whose limits its requests count against, the key's and the
    person's, those that have any. Both are made once: a key's principal serves many requests.
    """

    user: User
    scopes: frozenset[str]
    sign_in_id: str | None = None
    key: KeyGrant | None = None
    open_models: tuple[str, ...] | None = None
    caller: Caller = field(init=False)
    subjects: tuple[Subject, ...] = field(init=False)

    def __post_init__(self) -> None:
        key, models = self.key, self.open_models
        if key is not None:
            models = key.allowed_models
        caller = Caller(self.user.id, key_id=key.id if key is not None else None, allowed_models=models)
        object.__setattr__(self, "caller", caller)
        limited = (key.subject if key is not None else None, subject_of("user", self.user.id, self.user))
        subjects = tuple(subject for subject in limited if subject is not None)
        object.__setattr__(self, "subjects", subjects)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody in particular asks: there is no row of such a user, and nothing can belong to it."""
        return self.open_models is not None

    @property
    def is_admin(self) -> bool:
        """An administrator who signed in, or such a person's key of the scope `admin`."""
        return self.user.role == "admin" and "admin" in self.scopes


def scopes_of(user: User) -> frozenset[str]:
    """Return what a person may do after signing in."""
    return frozenset(scope for scope in SCOPES if scope != "admin" or user.role == "admin")
