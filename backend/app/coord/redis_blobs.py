"""Kept bytes in Redis, shared by all replicas and bounded in all; within the process while Redis is away."""

from __future__ import annotations

from app.coord.base import CoordUnavailableError
from app.coord.local_blobs import OVERHEAD_BYTES, LocalBlobs
from app.coord.redis_link import RedisLink

_PREFIX = "pp:blob:"
_ENDS, _SIZES, _TOTAL = "pp:blobs:ends", "pp:blobs:sizes", "pp:blobs:total"

# KEYS: the value, ends (a sorted set of names by when they end), sizes, total. ARGV: name, value, seconds, size, max bytes.
# What ends first makes room.
_PUT = """
local now = tonumber(redis.call('TIME')[1])
local function drop(name)
  redis.call('DEL', 'pp:blob:' .. name)
  redis.call('ZREM', KEYS[2], name)
  redis.call('DECRBY', KEYS[4], redis.call('HGET', KEYS[3], name) or '0')
  redis.call('HDEL', KEYS[3], name)
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do drop(name) end
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then drop(ARGV[1]) end
if tonumber(ARGV[4]) > tonumber(ARGV[5]) then return end
while tonumber(redis.call('GET', KEYS[4]) or '0') + tonumber(ARGV[4]) > tonumber(ARGV[5]) do
  local first = redis.call('ZRANGE', KEYS[2], 0, 0)
  if #first == 0 then redis.call('SET', KEYS[4], '0') break end
  drop(first[1])
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
redis.call('INCRBY', KEYS[4], ARGV[4])
"""


class RedisBlobs:
    """See `coord.base.Blobs`."""

    def __init__(self, link: RedisLink, fallback: LocalBlobs) -> None:
        self._link = link
        self._fallback = fallback
        self._put = link.script(_PUT)

    async def get(self, name: str) -> bytes | None:
        """See `coord.base.Blobs.get`."""
        try:
            found = await self._link.call(lambda: self._link.client.get(_PREFIX + name))
        except CoordUnavailableError:
            return await self._fallback.get(name)
        return found.encode() if isinstance(found, str) else found

    async def put(self, name: str, value: bytes, *, seconds: float, max_bytes: int) -> None:
        """See `coord.base.Blobs.put`."""
        keys = [_PREFIX + name, _ENDS, _SIZES, _TOTAL]
        size = len(value) + OVERHEAD_BYTES
        arguments: list[str | bytes | int] = [name, value, max(1, round(seconds)), size, max_bytes]
        try:
            await self._link.call(lambda: self._put(keys=keys, args=arguments))
        except CoordUnavailableError:
            await self._fallback.put(name, value, seconds=seconds, max_bytes=max_bytes)
