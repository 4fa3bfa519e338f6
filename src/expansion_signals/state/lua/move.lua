-- Move a shard's watermark where an operator accepts the log as it is: the one way for it to go anywhere but up.
--
-- KEYS  1 m (state)  2 wm (watermarks)
-- ARGV  1 partition  2 offset it stands at  3 offset it is to stand at  4 since when the log is whole (µs), or ''
-- Answers 1; 0 where it stands elsewhere, or the shard is lost.

if redis.call('HEXISTS', KEYS[1], 'format') == 0 or redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
if ARGV[4] ~= '' and tonumber(ARGV[4]) > tonumber(redis.call('HGET', KEYS[1], 'since') or '0') then
  redis.call('HSET', KEYS[1], 'since', ARGV[4])
end
return 1
