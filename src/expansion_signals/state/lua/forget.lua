-- Forget one slice of identities that no record to come can ask for.
--
-- KEYS  1 m (state)  2.. every bucket of the slice, and the checks beside each
-- ARGV  1 the slice  2 its layout as the caller knows it
-- Answers 1; 0 where the slice stands otherwise: somebody has written to it, and the caller looks again.

if redis.call('HGET', KEYS[1], 'i' .. ARGV[1]) ~= ARGV[2] then
  return 0
end
-- The layout goes first: a worker that still believes in it is told so by its next apply.
redis.call('HDEL', KEYS[1], 'i' .. ARGV[1])
for place = 2, #KEYS do
  redis.call('UNLINK', KEYS[place])
end
return 1
