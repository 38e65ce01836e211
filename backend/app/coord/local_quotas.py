"""Quotas within one process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.coord.base import Quota, QuotaDecision
from app.kit.clock import Clock

LEASE_SECONDS = 600
"""Reservations are kept together by the ten minutes in which they were made; see `KEPT_LEASES`."""
KEPT_LEASES = 6
"""A ten minutes' reservations come free so many of them later, if nobody has settled them."""
_SWEEP_EVERY = 4096


@dataclass(slots=True)
class _Account:
    used: int
    leases: dict[int, int] = field(default_factory=dict)
    last_lease: int = 0

    def reserved(self, lease: int) -> int:
        for old in [known for known in self.leases if known < lease - KEPT_LEASES]:
            del self.leases[old]
        return sum(self.leases.values())


class LocalQuotas:
    """See `coord.base.Quotas`. What nobody asks for is forgotten: its books know it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._accounts: dict[str, _Account] = {}
        self._asked = 0

    async def reserve(self, quotas: Sequence[Quota], amount: int) -> QuotaDecision:
        """See `coord.base.Quotas.reserve`."""
        lease = int(self._clock.monotonic() // LEASE_SECONDS)
        with self._mutex:
            self._sweep(lease)
            if unknown := tuple(quota.name for quota in quotas if quota.name not in self._accounts):
                return QuotaDecision(False, unknown=unknown)
            for quota in quotas:
                account = self._accounts[quota.name]
                reserved = account.reserved(lease)
                if account.used + reserved + amount > quota.limit:
                    return QuotaDecision(False, refused=quota.name, used=account.used, reserved=reserved)
            for quota in quotas:
                account = self._accounts[quota.name]
                account.leases[lease] = account.leases.get(lease, 0) + amount
                account.last_lease = lease
            return QuotaDecision(True, lease=lease)

    async def settle(self, names: Sequence[str], *, reserved: int, used: int, lease: int) -> None:
        """See `coord.base.Quotas.settle`."""
        with self._mutex:
            for name in names:
                account = self._accounts.get(name)
                if account is None:
                    continue
                account.used += used
                if lease in account.leases:
                    account.leases[lease] -= min(reserved, account.leases[lease])

    async def tell(self, name: str, used: int) -> None:
        """See `coord.base.Quotas.tell`."""
        with self._mutex:
            account = self._accounts.setdefault(
                name, _Account(used, last_lease=int(self._clock.monotonic() // LEASE_SECONDS))
            )
            account.used = max(account.used, used)

    def forget(self, names: Sequence[str]) -> None:
        """Know nothing of them any more."""
        with self._mutex:
            for name in names:
                self._accounts.pop(name, None)

    def _sweep(self, lease: int) -> None:
        """Forget what nobody has asked for in a long time, now and then."""
        self._asked += 1
        if self._asked % _SWEEP_EVERY:
            return
        for name, account in list(self._accounts.items()):
            if account.last_lease < lease - KEPT_LEASES:
                del self._accounts[name]
