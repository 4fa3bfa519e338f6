-- What becomes of a level. A change has an operation and up to two parts, the quiet one first:
--   a  add      amount                             sum, count
--   m  max      level                              the highest stays
--   l  latest   "level|time|offset"                the later event stays, ties by offset
--   b  become   {level, b key, field, ...}         a baseline, and what day buckets hold beside it
--   s  see      {set key, sketch key, member, ...} the members not seen before
-- '' is no part. Levels are decimal strings, nil where there is none yet.

local EXACT = 500 -- members kept of a counter before a sketch takes over; up to 512 a set of integers is compact

-- The level in a `latest` part if it is later than what stands ('' if not), and the order that stands from now on.
local function latest(part, order)
  if part == '' then
    return part, order
  end
  local level, time, offset = string.match(part, '^(-?%d+)|(%d+)|(%d+)$')
  if order then
    local stands_time, stands_offset = string.match(order, '^(%d+)|(%d+)$')
    time, offset = tonumber(time), tonumber(offset)
    -- A meter that was `unique` before has no order.
    stands_time, stands_offset = tonumber(stands_time or 0), tonumber(stands_offset or 0)
    if time < stands_time or (time == stands_time and offset < stands_offset) then
      return '', order
    end
  end
  return level, string.format('%.0f|%.0f', time, offset)
end

-- The level after one part; of `latest`, what it was found to come to. Of members, it is told by `seen`.
local function changed(operation, level, part)
  if part == '' or operation == 's' then
    return level
  end
  if operation == 'a' then
    return add(level or '0', part)
  end
  if operation == 'm' then
    return (not level or less(level, part)) and part or level
  end
  return part
end

-- The field of a day bucket in its month's hash: a small whole number, which takes half the bytes of a text.
local function bucket_field(number, day_of_month)
  return text_of(32 * number + day_of_month)
end

-- The level of a baseline: what is counted of the days after it is in their buckets.
local function baseline(part, number)
  local level = part[1]
  for place = 2, #part, 2 do
    level = add(level, redis.call('HGET', KEYS[part[place]], bucket_field(number, part[place + 1])) or '0')
  end
  return level
end

-- What a bucket holds after one part; a bucket of `latest` holds the part whole.
local function bucket_after(operation, value, part)
  if operation ~= 'l' then
    -- A meter that was `latest` before has left an order behind the level.
    if value and string.find(value, '|', 1, true) then
      value = string.match(value, '^-?%d+')
    end
    return changed(operation, value, part)
  end
  local level = latest(part, value and string.match(value, '|(.+)$'))
  return level == '' and value or part
end

-- Take note of members: the level after it, and 1 once a sketch estimates it. Writes, and cannot fail.
local function seen(level, part, estimated)
  if part == '' then
    return level, estimated
  end
  local set, sketch = KEYS[part[1]], KEYS[part[2]]
  local stood = redis.call('SCARD', set)
  -- A set goes when its sketch comes: one that stands has none.
  if stood > 0 or redis.call('EXISTS', sketch) == 0 then
    local new = in_pieces('SADD', set, part, 3)
    local crowded = stood + new > EXACT
    if crowded then
      in_pieces('PFADD', sketch, redis.call('SMEMBERS', set))
      redis.call('DEL', set)
    end
    return new > 0 and add(level, text_of(new)) or level, crowded and 1 or 0
  end
  in_pieces('PFADD', sketch, part, 3)
  local estimate = tostring(redis.call('PFCOUNT', sketch))
  -- A sketch may estimate less than was counted before it: the level of members never falls (semantics 2.2).
  return less(level, estimate) and estimate or level, 1
end
