-- Move looks of a shard that are done: to when the next one is due, or away.
--
-- KEYS  1 due
-- ARGV  reason and account, when it was due, when it is due next or '', ...          instants in µs
-- One that was put elsewhere meanwhile stays there: its account has changed since it was looked at.

for place = 1, #ARGV, 3 do
  local stands = redis.call('ZSCORE', KEYS[1], ARGV[place])
  if stands and tonumber(stands) == tonumber(ARGV[place + 1]) then
    if ARGV[place + 2] == '' then
      redis.call('ZREM', KEYS[1], ARGV[place])
    else
      redis.call('ZADD', KEYS[1], ARGV[place + 2], ARGV[place])
    end
  end
end
return 1
