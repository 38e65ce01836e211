"""Sliding-window counters in Redis, counted atomically by a script; see `LocalRates` for the algorithm."""

from __future__ import annotations

from app.coord.base import CoordUnavailableError, RateDecision
from app.coord.local_rates import BUCKETS, LocalRates, decide
from app.coord.redis_link import RedisLink

# KEYS[1] a hash: number of the part of the window → count. ARGV: parts, length of a part in µs, limit, amount.
# Returns whether it was allowed, the server's time in µs, and the hash as it stands afterwards.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local index = math.floor(now / tonumber(ARGV[2]))
local counts, used = redis.call('HGETALL', KEYS[1]), 0
for i = 1, #counts, 2 do
  if tonumber(counts[i]) < index - tonumber(ARGV[1]) then
    redis.call('HDEL', KEYS[1], counts[i])
  else
    used = used + tonumber(counts[i + 1])
  end
end
local allowed = 0
if used + tonumber(ARGV[4]) <= tonumber(ARGV[3]) then
  allowed = 1
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', index), ARGV[4])
  redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * (tonumber(ARGV[1]) + 1) / 1000))
end
return {allowed, string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}
"""

# ARGV: parts, length of a part in µs, delta. A refund is taken from the oldest parts.
_ADJUST = """
local time = redis.call('TIME')
local index = math.floor((tonumber(time[1]) * 1000000 + tonumber(time[2])) / tonumber(ARGV[2]))
local delta = tonumber(ARGV[3])
if delta > 0 then
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', index), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * (tonumber(ARGV[1]) + 1) / 1000))
  return
end
local parts = redis.call('HKEYS', KEYS[1])
table.sort(parts, function(a, b) return tonumber(a) < tonumber(b) end)
for _, part in ipairs(parts) do
  if tonumber(part) >= index - tonumber(ARGV[1]) then
    local refund = math.min(tonumber(redis.call('HGET', KEYS[1], part)), -delta)
    if refund > 0 then  -- minus nothing would be written as "-0", which is no number to Redis
      redis.call('HINCRBY', KEYS[1], part, string.format('%.0f', -refund))
      delta = delta + refund
    end
  end
end
"""


class RedisRates:
    """Windows shared by all replicas; counted per process while Redis is away."""

    def __init__(self, link: RedisLink, fallback: LocalRates) -> None:
        self._link = link
        self._fallback = fallback
        self._take = link.script(_TAKE)
        self._adjust = link.script(_ADJUST)

    async def take(self, name: str, *, limit: int, window_seconds: float, amount: int = 1) -> RateDecision:
        """See `coord.base.RateWindows.take`."""
        arguments = [BUCKETS, _part_us(window_seconds), limit, amount]
        try:
            allowed, now, flat = await self._link.call(
                lambda: self._take(keys=[_key(name, window_seconds)], args=arguments)
            )
        except CoordUnavailableError:
            return await self._fallback.take(name, limit=limit, window_seconds=window_seconds, amount=amount)
        counts = {int(flat[i]): int(flat[i + 1]) for i in range(0, len(flat), 2)}
        return decide(
            counts, bool(allowed), limit, amount, int(now) / 1e6, _part_us(window_seconds) * BUCKETS / 1e6
        )

    async def adjust(self, name: str, *, delta: int, window_seconds: float) -> None:
        """See `coord.base.RateWindows.adjust`."""
        arguments = [BUCKETS, _part_us(window_seconds), delta]
        try:
            await self._link.call(lambda: self._adjust(keys=[_key(name, window_seconds)], args=arguments))
        except CoordUnavailableError:
            await self._fallback.adjust(name, delta=delta, window_seconds=window_seconds)

    def adjust_now(self, name: str, *, delta: int, window_seconds: float) -> bool:
        """See `coord.base.RateWindows.adjust_now`."""
        return False


def _part_us(window_seconds: float) -> int:
    return max(1, round(window_seconds * 1e6 / BUCKETS))


def _key(name: str, window_seconds: float) -> str:
    return f"pp:rate:{name}:{_part_us(window_seconds)}"
