-- Expire what no record to come can ask for, where nothing of it has changed since it was judged.
--
-- KEYS  1 wm (watermarks)  2.. every further key, named by index
-- ARGV  1 packed: { topics, reached, same, absent, fields, sets, gone }
--   topics, reached   every partition of these topics must still have reached this append time
--   same     { hash, field, value or '', ... }    must stand as it was read; '' is no such field
--   absent   { key, ... }                         must not exist
--   fields   { hash, {field, ...}, ... }          go
--   sets     { hash, field, value, ... }          stand from now on
--   gone     { key, ... }                         go whole
-- Answers 1; 0 where something has changed: a later sweep judges it again.

local topics, reached, same, absent, fields, sets, gone = unpack(cmsgpack.unpack(ARGV[1]))

if reached_everywhere(KEYS[1], topics) < reached then
  return 0
end
for place = 1, #same, 3 do
  if (redis.call('HGET', KEYS[same[place]], same[place + 1]) or '') ~= same[place + 2] then
    return 0
  end
end
for _, key in ipairs(absent) do
  if redis.call('EXISTS', KEYS[key]) == 1 then
    return 0
  end
end

for place = 1, #fields, 2 do
  in_pieces('HDEL', KEYS[fields[place]], fields[place + 1])
end
for place = 1, #sets, 3 do
  redis.call('HSET', KEYS[sets[place]], sets[place + 1], sets[place + 2])
end
for _, key in ipairs(gone) do
  redis.call('UNLINK', KEYS[key])
end
return 1
