-- Keep what a shard's accounts used on a day, in place of an earlier one.
--
-- KEYS  1 used
-- ARGV  1 the number of the UTC day  2 what was used, opaque
-- A day that stands is not replaced: what was judged by it stays as it was for all who judge.

local stands = string.match(redis.call('GET', KEYS[1]) or '', '^%d+')
if not stands or tonumber(stands) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1] .. '|' .. ARGV[2])
end
return 1
