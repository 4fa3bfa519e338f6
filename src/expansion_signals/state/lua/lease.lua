-- Take a lease, or keep it.
--
-- KEYS  1 lease
-- ARGV  1 holder  2 how long it lasts, in milliseconds
-- Answers 1 where the holder has it now, 0 where another has.

local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
