"""The Lua scripts of the shared locks: each is one atomic step in Redis.

KEYS[1] is a sorted set of tickets by order of arrival: its head holds the lock. KEYS[2] has the same tickets by the time
their leases end (Redis's clock, ms). A ticket is `replica:number`; its replica listens on the channel `pp:wake:replica`.
"""

from __future__ import annotations

from typing import Final

_COMMON = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function next_place()
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
  local place = tonumber(time[1]) * 1000000 + tonumber(time[2])
  if last and tonumber(last) >= place then place = tonumber(last) + 1 end
  return string.format('%.0f', place)
end

local function wake_head(but)
  local head = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if head and head ~= but then
    redis.call('PUBLISH', 'pp:wake:' .. string.match(head, '^[^:]+'), head)
  end
end

local function drop_dead(but)
  local has_dropped = false
  for _, ticket in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
    if ticket ~= but then
      redis.call('ZREM', KEYS[1], ticket)
      redis.call('ZREM', KEYS[2], ticket)
      has_dropped = true
    end
  end
  if has_dropped then wake_head(but) end
end

local function lease(ticket, milliseconds)
  redis.call('ZADD', KEYS[2], now + tonumber(milliseconds), ticket)
  redis.call('PEXPIRE', KEYS[1], tonumber(milliseconds) * 4)
  redis.call('PEXPIRE', KEYS[2], tonumber(milliseconds) * 4)
end
"""

# ARGV: ticket, how many may wait, lease in ms. Returns the rank (0 holds the lock), or -1 when the queue is full.
ENTER: Final = (
    _COMMON
    + """
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  drop_dead(ARGV[1])
  local others = redis.call('ZCARD', KEYS[1])
  if others > 0 and others - 1 >= tonumber(ARGV[2]) then
    return -1
  end
  redis.call('ZADD', KEYS[1], next_place(), ARGV[1])
end
lease(ARGV[1], ARGV[3])
return redis.call('ZRANK', KEYS[1], ARGV[1])
"""
)

# ARGV: ticket. The next one in the queue is woken.
LEAVE: Final = (
    _COMMON
    + """
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if rank == 0 then
  drop_dead('')
  wake_head('')
end
"""
)

# ARGV: ticket, lease in ms, whether it holds the lock (0 or 1). Returns the rank, or -1 when a holder has been replaced.
# A ticket that Redis does not know (it lost its data, or the lease ran out) queues again, unless it was a holder and the
# lock has gone to others meanwhile.
RENEW: Final = (
    _COMMON
    + """
drop_dead(ARGV[1])
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  if ARGV[3] == '1' and redis.call('ZCARD', KEYS[1]) > 0 then
    return -1
  end
  redis.call('ZADD', KEYS[1], next_place(), ARGV[1])
end
lease(ARGV[1], ARGV[2])
return redis.call('ZRANK', KEYS[1], ARGV[1])
"""
)
