"""Coordination of many replicas over one Redis (6.2 or later, or Valkey); degrades to the process's own while it is away."""

from __future__ import annotations

from app.coord.base import Blobs, CoordHealth, EventLogs, Locks, Quotas, RateWindows, Signals
from app.coord.log_flusher import LogFlusher
from app.coord.log_mirrors import LogMirrors
from app.coord.memory import Hub
from app.coord.redis_blobs import RedisBlobs
from app.coord.redis_channel import RedisChannel
from app.coord.redis_link import RedisLink
from app.coord.redis_locks import LEASE_SECONDS, RedisLocks
from app.coord.redis_logs import RedisLogs
from app.coord.redis_quotas import RedisQuotas
from app.coord.redis_rates import RedisRates
from app.coord.redis_signals import RedisSignals
from app.kit.ids import new_id


class RedisCoord:
    """See `coord.base.Coord`. Make it inside the event loop that will use it."""

    def __init__(self, redis_url: str, hub: Hub, *, lease_seconds: float = LEASE_SECONDS) -> None:
        replica_id = new_id()
        self._link = RedisLink(redis_url, replica_id)
        self._locks = RedisLocks(self._link, hub.locks, replica_id, lease_seconds=lease_seconds)
        self._flusher = LogFlusher(self._link, replica_id, retention_seconds=hub.logs.retention_seconds)
        self._mirrors = LogMirrors(self._link)
        signals = RedisSignals(hub.hub_id, hub.signals)
        self._channel = RedisChannel(
            self._link, replica_id, on_wake=self._locks.wake, on_signal=signals.receive
        )
        signals.channel = self._channel
        self.locks: Locks = self._locks
        self.rates: RateWindows = RedisRates(self._link, hub.rates)
        self.quotas: Quotas = RedisQuotas(self._link, hub.quotas)
        self.logs: EventLogs = RedisLogs(self._link, hub.logs, self._flusher, self._mirrors, replica_id)
        self.signals: Signals = signals
        self.blobs: Blobs = RedisBlobs(self._link, hub.blobs)

    async def start(self) -> None:
        """Connect. Without Redis it starts all the same, and joins when Redis is there."""
        await self._link.start()
        await self._channel.start()
        await self._locks.start()
        await self._flusher.start()
        await self._mirrors.start()

    async def close(self) -> None:
        await self._flusher.close()
        await self._mirrors.close()
        await self._locks.close()
        await self._channel.close()
        await self._link.close()

    async def health(self) -> CoordHealth:
        """Report the last probe (at most half a second old); never waits for Redis."""
        message = self._link.problem
        if message:
            message += "; locks and limits hold within this process only until it is back"
        return CoordHealth(
            is_shared=True, is_healthy=self._link.is_up, latency_ms=self._link.latency_ms, message=message
        )
