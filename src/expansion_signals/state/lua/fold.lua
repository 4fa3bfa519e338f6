-- Fold a month's day buckets into its totals, and drop them.
--
-- KEYS  1 wm (watermarks)  2 b (the month's day buckets)  3 t (totals)
-- ARGV  1 packed: { topics, reached, month, operations }
--   topics, reached   every partition of these topics must still have reached this append time
--   month             as it stands in fields: "2026-11"
--   operations        { number of a meter, operation, ... }   see changes.lua; of a meter not named no total is kept
-- Answers 1; 0 where there is nothing to fold any more, or not yet.

local topics, reached, month, named = unpack(cmsgpack.unpack(ARGV[1]))

local buckets = redis.call('HGETALL', KEYS[2])
if #buckets == 0 or reached_everywhere(KEYS[1], topics) < reached then
  return 0
end
local operations = {}
for place = 1, #named, 2 do
  operations[named[place]] = named[place + 1]
end
local totals = {}
for place = 1, #buckets, 2 do
  local number, value = tostring(math.floor(buckets[place] / 32)), buckets[place + 1]
  local operation = operations[number]
  if operation then
    local field = number .. '.' .. month
    if operation == 'l' then
      -- A meter that was none of `latest` then has left no order.
      value = string.find(value, '|', 1, true) and value or value .. '|0|0'
    else
      value = string.match(value, '^-?%d+')
    end
    totals[field] = bucket_after(operation, totals[field] or redis.call('HGET', KEYS[3], field) or nil, value)
  end
end

for field, total in pairs(totals) do
  redis.call('HSET', KEYS[3], field, total)
end
redis.call('UNLINK', KEYS[2])
return 1
