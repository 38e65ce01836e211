"""Quotas in Redis, counted atomically by scripts; per process while it is away, and put right from the books after."""

from __future__ import annotations

from collections.abc import Sequence

from app.coord.base import CoordUnavailableError, Quota, QuotaDecision
from app.coord.local_quotas import KEPT_LEASES, LEASE_SECONDS, LocalQuotas
from app.coord.redis_link import RedisLink

_KEPT_MS = 2 * 24 * 3600 * 1000

# Each key is a hash: `u` is what was used, `l<n>` what was reserved in the n-th ten minutes.
# ARGV: seconds of a lease, leases kept, amount, lifetime in ms, then a limit for each key.
# Returns {"unknown", numbers of keys…}, {"refused", number, used, reserved} or {"taken", lease}.
_RESERVE = """
local lease = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[1]))
local unknown = {'unknown'}
for i, key in ipairs(KEYS) do
  if redis.call('HEXISTS', key, 'u') == 0 then table.insert(unknown, i) end
end
if #unknown > 1 then return unknown end
for i, key in ipairs(KEYS) do
  local all, used, reserved = redis.call('HGETALL', key), 0, 0
  for j = 1, #all, 2 do
    if all[j] == 'u' then
      used = tonumber(all[j + 1])
    elseif tonumber(string.sub(all[j], 2)) < lease - tonumber(ARGV[2]) then
      redis.call('HDEL', key, all[j])
    else
      reserved = reserved + tonumber(all[j + 1])
    end
  end
  if used + reserved + tonumber(ARGV[3]) > tonumber(ARGV[4 + i]) then
    return {'refused', i, string.format('%.0f', used), string.format('%.0f', reserved)}
  end
end
for i, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, 'l' .. lease, ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
end
return {'taken', lease}
"""

# ARGV: lease, reserved, used.
_SETTLE = """
for _, key in ipairs(KEYS) do
  if redis.call('HEXISTS', key, 'u') == 1 then
    redis.call('HINCRBY', key, 'u', ARGV[3])
    local held = tonumber(redis.call('HGET', key, 'l' .. ARGV[1]) or '0')
    local free = math.min(held, tonumber(ARGV[2]))
    if free > 0 then redis.call('HINCRBY', key, 'l' .. ARGV[1], string.format('%.0f', -free)) end
  end
end
"""

# ARGV: used, lifetime in ms.
_TELL = """
local known = tonumber(redis.call('HGET', KEYS[1], 'u') or '-1')
if tonumber(ARGV[1]) > known then redis.call('HSET', KEYS[1], 'u', ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class RedisQuotas:
    """Quotas shared by all replicas.

    `_behind` are those that were counted here alone while Redis was away: at first they are asked for from the books,
    here and, when Redis is back, there.
    """

    def __init__(self, link: RedisLink, fallback: LocalQuotas) -> None:
        self._link = link
        self._fallback = fallback
        self._reserve = link.script(_RESERVE)
        self._settle = link.script(_SETTLE)
        self._tell = link.script(_TELL)
        self._behind: set[str] = set()

    async def reserve(self, quotas: Sequence[Quota], amount: int) -> QuotaDecision:
        """See `coord.base.Quotas.reserve`."""
        names = [quota.name for quota in quotas]
        if self._link.is_up and (behind := tuple(name for name in names if name in self._behind)):
            self._behind.difference_update(behind)
            return QuotaDecision(False, unknown=behind)
        arguments = [LEASE_SECONDS, KEPT_LEASES, amount, _KEPT_MS, *(quota.limit for quota in quotas)]
        try:
            answer = await self._link.call(lambda: self._reserve(keys=_keys(names), args=arguments))
        except CoordUnavailableError:
            return await self._reserve_here(quotas, amount)
        match answer[0]:
            case b"taken":
                return QuotaDecision(True, lease=int(answer[1]))
            case b"refused":
                refused = names[int(answer[1]) - 1]
                return QuotaDecision(False, refused=refused, used=int(answer[2]), reserved=int(answer[3]))
        return QuotaDecision(False, unknown=tuple(names[int(number) - 1] for number in answer[1:]))

    async def settle(self, names: Sequence[str], *, reserved: int, used: int, lease: int) -> None:
        """See `coord.base.Quotas.settle`."""
        try:
            arguments = [lease, reserved, used]
            await self._link.call(lambda: self._settle(keys=_keys(names), args=arguments))
        except CoordUnavailableError:
            self._begin_here(names)
            await self._fallback.settle(names, reserved=reserved, used=used, lease=lease)

    async def tell(self, name: str, used: int) -> None:
        """See `coord.base.Quotas.tell`."""
        try:
            await self._link.call(lambda: self._tell(keys=_keys([name]), args=[used, _KEPT_MS]))
        except CoordUnavailableError:
            self._begin_here([name])
            await self._fallback.tell(name, used)

    async def _reserve_here(self, quotas: Sequence[Quota], amount: int) -> QuotaDecision:
        self._begin_here([quota.name for quota in quotas])
        return await self._fallback.reserve(quotas, amount)

    def _begin_here(self, names: Sequence[str]) -> None:
        """Count on in this process; what it knew of an earlier outage is old."""
        new = [name for name in names if name not in self._behind]
        self._fallback.forget(new)
        self._behind.update(new)


def _keys(names: Sequence[str]) -> list[str]:
    return [f"pp:quota:{name}" for name in names]
