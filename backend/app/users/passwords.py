"""Passwords: what is accepted, and argon2id hashes computed off the event loop."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from app.users.errors import HashingBusyError, WeakPasswordError

MAX_PASSWORD_LENGTH = 256
UNUSABLE = "!"  # no argon2 hash: no password fits it

Result = TypeVar("Result")


def normalise_password(password: str) -> str:
    """Return the same characters whatever keyboard composed them (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str, min_length: int) -> None:
    """Raise WeakPasswordError unless the password may be chosen."""
    if len(password) > MAX_PASSWORD_LENGTH:
        raise WeakPasswordError(f"The password is longer than {MAX_PASSWORD_LENGTH} characters.")
    chosen = normalise_password(password)
    if len(chosen) < min_length:
        raise WeakPasswordError(
            f"The password needs {min_length} characters or more; a few plain words are good."
        )
    if chosen.casefold() == normalise_password(email).casefold():
        raise WeakPasswordError("The password must not be your e-mail address.")


class PasswordHasher:
    """Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), on two threads with a bounded queue."""

    def __init__(self, max_waiting: int = 64) -> None:
        self._argon = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
        self._max_waiting = max_waiting
        self._waiting = 0
        self._guard = threading.Lock()
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return a salted hash. Raises HashingBusyError."""
        return await self._run(lambda: self._argon.hash(normalise_password(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Compare; without a usable hash it costs the same time and is False. Raises HashingBusyError."""
        return await self._run(lambda: self._verify(stored, password))

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        try:
            return self._argon.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _verify(self, stored: str | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = self._argon.hash("decoy")
        is_usable = stored is not None and stored != UNUSABLE and len(password) <= MAX_PASSWORD_LENGTH
        candidate = stored if is_usable and stored is not None else self._decoy
        try:
            self._argon.verify(candidate, normalise_password(password[:MAX_PASSWORD_LENGTH]))
        except (VerificationError, InvalidHashError):
            return False
        return is_usable

    async def _run(self, work: Callable[[], Result]) -> Result:
        with self._guard:
            if self._waiting >= self._max_waiting:
                raise HashingBusyError
            self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            with self._guard:
                self._waiting -= 1


HASHER = PasswordHasher()
"""The process's one: its two threads bound the memory that hashing takes."""
