-- The append time that every partition of these topics has reached in a shard; one that has told none holds all back.
local function reached_everywhere(watermarks, topics)
  local known, lowest = {}, nil
  local fields = redis.call('HGETALL', watermarks)
  for place = 1, #fields, 2 do
    known[fields[place]] = fields[place + 1]
  end
  for field, _ in pairs(known) do
    for _, topic in ipairs(topics) do
      if string.sub(field, 1, #topic + 1) == topic .. '/' and not string.find(field, '|', 1, true) then
        local reached = tonumber(known[field .. '|t'] or '0')
        lowest = math.min(lowest or reached, reached)
      end
    end
  end
  return lowest or 0
end
