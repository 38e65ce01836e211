"""Slows down guessing of passwords: failed attempts are counted by e-mail and by address, for all replicas.

A right password costs nothing, so a busy school behind one address is not locked out.
"""

from __future__ import annotations

from app.auth.errors import TooManyAttemptsError
from app.coord.base import CoordUnavailableError, RateWindows
from app.errors import UnavailableError
from app.kit.addresses import network_of
from app.kit.hashing import digest

WINDOW_SECONDS = 900.0
ATTEMPTS_PER_PAIR = 10
ATTEMPTS_PER_EMAIL = 50  # from all addresses; higher, so that a stranger cannot lock a person out quickly
ATTEMPTS_PER_ADDRESS = 100
REGISTRATIONS_PER_ADDRESS = 100


class AttemptThrottle:
    """Counts an attempt before the password is looked at, and gives it back when it was right."""

    def __init__(self, rates: RateWindows) -> None:
        self._rates = rates

    async def admit(self, email: str, address: str) -> None:
        """Count one attempt. Raises TooManyAttemptsError with the seconds to wait."""
        for name, limit in _windows(email, address):
            await self._take(name, limit)

    async def forgive(self, email: str, address: str) -> None:
        """The password was right: give the attempt back."""
        for name, _ in _windows(email, address):
            try:
                await self._rates.adjust(name, delta=-1, window_seconds=WINDOW_SECONDS)
            except CoordUnavailableError:
                return

    async def admit_registration(self, address: str) -> None:
        """Count one registration. Raises TooManyAttemptsError."""
        await self._take(f"register:{network_of(address)}", REGISTRATIONS_PER_ADDRESS)

    async def _take(self, name: str, limit: int) -> None:
        try:
            decision = await self._rates.take(name, limit=limit, window_seconds=WINDOW_SECONDS)
        except CoordUnavailableError as error:
            raise UnavailableError(
                "The portal cannot check sign-ins right now. Try again in a moment.", retry_after_seconds=2
            ) from error
        if not decision.is_allowed:
            raise TooManyAttemptsError(decision.retry_after_seconds)


def _windows(email: str, address: str) -> tuple[tuple[str, int], ...]:
    who = digest(email.strip().casefold())[:32]  # the shared store needs no list of addresses
    where = network_of(address)
    return (
        (f"sign-in:{who}:{where}", ATTEMPTS_PER_PAIR),
        (f"sign-in:{who}", ATTEMPTS_PER_EMAIL),
        (f"sign-in-from:{where}", ATTEMPTS_PER_ADDRESS),
    )
