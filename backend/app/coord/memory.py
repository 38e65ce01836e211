"""Coordination within one process: no server, nothing shared with other processes."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from app.coord.base import Blobs, CoordHealth, EventLogs, Locks, Quotas, RateWindows, Signals
from app.coord.local_blobs import LocalBlobs
from app.coord.local_locks import LocalLocks
from app.coord.local_logs import LocalLogs
from app.coord.local_quotas import LocalQuotas
from app.coord.local_rates import LocalRates
from app.coord.local_signals import LocalSignals
from app.kit.clock import Clock, SystemClock
from app.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Hub:
    """The state that all coordinators of one name share in this process, whatever thread or event loop they serve."""

    hub_id: str
    locks: LocalLocks
    rates: LocalRates
    quotas: LocalQuotas
    logs: LocalLogs
    signals: LocalSignals
    blobs: LocalBlobs


def make_hub(clock: Clock | None = None) -> Hub:
    """Return a hub of its own, shared with nobody."""
    clock = clock or SystemClock()
    return Hub(
        new_id(),
        LocalLocks(),
        LocalRates(clock),
        LocalQuotas(clock),
        LocalLogs(clock),
        LocalSignals(),
        LocalBlobs(clock),
    )


_hubs: dict[str, Hub] = {}
_hubs_mutex = threading.Lock()


def shared_hub(name: str) -> Hub:
    """Return the process's hub of that name; it lives as long as the process."""
    with _hubs_mutex:
        return _hubs.setdefault(name, make_hub())


class MemoryCoord:
    """See `coord.base.Coord`. Safe to make in every event loop that needs one."""

    def __init__(self, hub: Hub) -> None:
        self.locks: Locks = hub.locks
        self.rates: RateWindows = hub.rates
        self.quotas: Quotas = hub.quotas
        self.logs: EventLogs = hub.logs
        self.signals: Signals = hub.signals
        self.blobs: Blobs = hub.blobs

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close; the hub outlives its coordinators."""

    async def health(self) -> CoordHealth:
        """Report that this process coordinates with nobody else."""
        return CoordHealth(
            is_shared=False, is_healthy=True, latency_ms=0.0, message="in memory, for one process"
        )
