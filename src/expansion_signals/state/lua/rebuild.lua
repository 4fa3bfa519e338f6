-- One step of making a lost shard anew. Whoever began last goes on; a shard that stands is left as it is.
--
-- KEYS  1 m (state)  2.. the keys of the step
-- ARGV  1 step: begin | clear | write | end  2 token of the one who rebuilds
--       3 of write and end, packed: { {field, value, ...}, ... }, one list for each key in order; of end, m comes first
-- Answers 1; 0 where the shard stands, or another has begun.

local state, step, token = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HEXISTS', state, 'format') == 1 then
  return 0
end
if step == 'begin' then
  redis.call('HSET', state, 'rebuilt by', token)
  return 1
end
if redis.call('HGET', state, 'rebuilt by') ~= token then
  return 0
end
if step == 'clear' then
  for place = 2, #KEYS do
    redis.call('UNLINK', KEYS[place])
  end
  return 1
end
local hashes = cmsgpack.unpack(ARGV[3])
local first = step == 'end' and 0 or 1
for place, fields in ipairs(hashes) do
  if #fields > 0 then
    in_pieces('HSET', KEYS[place + first], fields)
  end
end
if step == 'end' then
  redis.call('HDEL', state, 'rebuilt by')
end
return 1
