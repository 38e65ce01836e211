"""Tokens of a key's minute: reserved by estimate before a model is asked, settled by usage when it has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any

from app.auth.principal import Principal
from app.keys.limits import KeyLimits
from app.keys.service import KeyGrant
from app.llm.types import Usage

_CHARS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was taken of a key's window; of a caller without limits nothing is."""

    key: KeyGrant | None
    amount: int


class Reservations:
    """One for the process; settles in the background, so that no answer waits for it."""

    def __init__(self, limits: KeyLimits, default_max_tokens: int) -> None:
        self._limits = limits
        self._default_max_tokens = default_max_tokens
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, principal: Principal, prompt_chars: int, max_tokens: int | None) -> Reservation:
        """Reserve a prompt's estimate and the longest answer; raises KeyLimitError."""
        key = principal.key
        if key is None or key.tokens_per_minute is None:
            return Reservation(key, 0)
        amount = prompt_chars // _CHARS_PER_TOKEN + (max_tokens or self._default_max_tokens)
        await self._limits.take_tokens(key, amount)
        return Reservation(key, amount)

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Replace the estimate by the usage; where no usage is known the estimate stands."""
        if reservation.amount and usage is not None:
            self._spawn(self._settle(reservation, usage))

    def settle_later(self, reservation: Reservation, usage: Awaitable[Usage | None]) -> None:
        """Settle when `usage` is known, whoever waits for the answer or not."""

        async def wait() -> None:
            self.settle(reservation, await usage)

        self._spawn(wait())

    async def close(self) -> None:
        """Stop waiting: the estimates stand until their windows have passed."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settle(self, reservation: Reservation, usage: Usage) -> None:
        used = usage.prompt_tokens + usage.completion_tokens
        await self._limits.settle_tokens(reservation.key, reserved=reservation.amount, used=used)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
